"""The options of a pytest that a test starts: without the plugins of libraries that it does not use.

To import them takes longer than the few tests for which it is started.
"""

PLAIN = tuple(f"-pno:{plugin}" for plugin in ("cacheprovider", "schemathesis", "hypothesispytest", "anyio"))
