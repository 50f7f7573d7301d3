"""Options of the conformance checks."""


def pytest_addoption(parser):
    parser.addoption("--issuer", help="where a GOV.UK One Login simulator runs, such as http://localhost:3000")
