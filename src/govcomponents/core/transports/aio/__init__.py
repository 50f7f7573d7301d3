"""The transport of asyncio callers: aiohttp, one session on the loop of its first use."""
