"""One exchange after another: an email by govcomponents, by the official client, and the same bytes by requests."""

from __future__ import annotations

from bench.variants.measuring import EMAIL, EMAIL_BODY, NOTIFY_KEY, URL, choose, cpu_of

COUNT = 1500
CONNECTIONS = 60


def our_email(count: int = COUNT, warm_up: int = 50) -> None:
    from govcomponents import GovComponents, Settings

    with GovComponents.from_settings(Settings(notify={"api_key": NOTIFY_KEY, "base_url": URL})) as gov:
        notify = gov.notify
        cpu_of(lambda: notify.send_email(*EMAIL), count, warm_up=warm_up)


def official_email() -> None:
    from notifications_python_client.notifications import NotificationsAPIClient

    client = NotificationsAPIClient(NOTIFY_KEY, base_url=URL)
    cpu_of(lambda: client.send_email_notification(*EMAIL), COUNT)


def requests_post() -> None:
    import requests

    session = requests.Session()
    url, headers = URL + "/v2/notifications/email", email_headers()
    cpu_of(lambda: session.post(url, data=EMAIL_BODY, headers=headers, timeout=30).content, COUNT)


def our_new_connection() -> None:
    our_email(CONNECTIONS, warm_up=3)


def requests_new_session() -> None:
    import requests

    url, headers = URL + "/v2/notifications/email", email_headers()

    def call() -> None:
        with requests.Session() as session:
            assert session.post(url, data=EMAIL_BODY, headers=headers, timeout=30).content

    cpu_of(call, CONNECTIONS, warm_up=3)


def email_headers() -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "bench",
        "Authorization": "Bearer " + "x" * 190,
    }


if __name__ == "__main__":
    choose(globals())
