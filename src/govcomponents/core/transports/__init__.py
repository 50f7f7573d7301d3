"""The transports: requests for blocking callers, aiohttp for asyncio, the sandbox in process, a script in tests."""
