"""The transports: requests for blocking callers, aiohttp for asyncio, in process for the sandbox, scripted for tests."""
