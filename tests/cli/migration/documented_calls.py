"""The calls of notifications-python-client, as GOV.UK Notify's documentation and the client's own pages write them.

Each is what a service has, on a client that is there already, and runs: its templates and messages are those of the
sandbox. The last few are what is seen in services: in a class, by position, with what is read from the answer.
"""

EMAIL, SMS, LETTER = (f"5ab1ec0d-0000-4000-8000-00000000010{number}" for number in (1, 2, 3))
VALUES = '{"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}'
ADDRESS = '"address_line_1": "The Occupier", "address_line_2": "123 High Street", "address_line_3": "SW14 6BH"'

MADE = "notifications_client = NotificationsAPIClient(api_key, base_url=base_url)"

CALLS = [
    "notifications_client = NotificationsAPIClient(api_key)",
    'notifications_client = NotificationsAPIClient(api_key, base_url="http://127.0.0.1:8910")',
    "notifications_client = NotificationsAPIClient(api_key=api_key, timeout=30)",
    # a text message
    (
        f'response = notifications_client.send_sms_notification(phone_number="+447900900123", template_id="{SMS}", '
        f"personalisation={VALUES})"
    ),
    (
        f'response = notifications_client.send_sms_notification(phone_number="+447900900123", template_id="{SMS}", '
        f'personalisation={VALUES}, reference="STRING", sms_sender_id="5ab1ec0d-0000-4000-8000-0000000000b1")'
    ),
    f'notifications_client.send_sms_notification("+447900900123", "{SMS}", {VALUES}, "STRING")',
    f'notifications_client.send_sms_notification("+447900900123", "{SMS}", personalisation={VALUES})["id"]',
    # an email
    (
        f'response = notifications_client.send_email_notification(email_address="sam@example.com", template_id="{EMAIL}", '
        f"personalisation={VALUES})"
    ),
    (
        f'response = notifications_client.send_email_notification(email_address="sam@example.com", template_id="{EMAIL}", '
        f'personalisation={VALUES}, reference="STRING")'
    ),
    (
        f'response = notifications_client.send_email_notification(email_address="sam@example.com", template_id="{EMAIL}", '
        f'personalisation={VALUES}, one_click_unsubscribe_url="https://example.com/unsubscribe.html?opaque=123456789")'
    ),
    (
        f'response = notifications_client.send_email_notification(email_address="sam@example.com", template_id="{EMAIL}", '
        f'personalisation={VALUES}, sanitise_content_for=["name"])'
    ),
    f'notifications_client.send_email_notification("sam@example.com", "{EMAIL}", {VALUES}, "STRING", None)',
    # a file by email
    (
        'with open("file.csv", "rb") as f:\n'
        f'    notifications_client.send_email_notification(email_address="sam@example.com", template_id="{EMAIL}", '
        f'personalisation={{**{VALUES}, "name": prepare_upload(f)}})'
    ),
    'with open("file.csv", "rb") as f:\n    link = prepare_upload(f, filename="2023-12-25-daily-report.csv")',
    'with open("file.csv", "rb") as f:\n    link = prepare_upload(f, confirm_email_before_download=True)',
    'with open("file.csv", "rb") as f:\n    link = prepare_upload(f, retention_period="52 weeks")',
    'with open("file.csv", "rb") as f:\n    link = prepare_upload(f, "report.csv", False, "4 weeks")',
    # a letter
    (
        f'response = notifications_client.send_letter_notification(template_id="{LETTER}", '
        f"personalisation={{{ADDRESS}, **{VALUES}}})"
    ),
    (
        f'response = notifications_client.send_letter_notification(template_id="{LETTER}", '
        f'personalisation={{{ADDRESS}, {VALUES[1:-1]}}}, reference="STRING")'
    ),
    (
        f"personalisation = {{{ADDRESS}, **{VALUES}}}\n"
        f'notifications_client.send_letter_notification("{LETTER}", personalisation, "STRING")'
    ),
    (
        'with open("letter.pdf", "rb") as pdf_file:\n'
        "    notification = notifications_client.send_precompiled_letter_notification("
        'reference="your_reference_string", pdf_file=pdf_file)'
    ),
    (
        'with open("letter.pdf", "rb") as pdf_file:\n'
        "    notification = notifications_client.send_precompiled_letter_notification("
        '"your_reference_string", pdf_file, postage="first")'
    ),
    # one message, and all
    "response = notifications_client.get_notification_by_id(notification_id)",
    'status = notifications_client.get_notification_by_id(notification_id)["status"]',
    "response = notifications_client.get_all_notifications()",
    'response = notifications_client.get_all_notifications(status="sending")',
    'response = notifications_client.get_all_notifications(template_type="email", status="sending")',
    'response = notifications_client.get_all_notifications("sending", "sms", "STRING", notification_id, False)',
    'response = notifications_client.get_all_notifications_iterator(status="sending")',
    "response = list(notifications_client.get_all_notifications_iterator())",
    'ids = [one["id"] for one in notifications_client.get_all_notifications()["notifications"]]',
    'for one in notifications_client.get_all_notifications_iterator("sending", "sms"):\n    print(one["id"])',
    "pdf_file = notifications_client.get_pdf_for_letter(letter_id)",
    # templates
    f'response = notifications_client.get_template("{EMAIL}")',
    f'response = notifications_client.get_template_version("{EMAIL}", 1)',
    f'response = notifications_client.get_template_version(template_id="{EMAIL}", version=1)',
    "response = notifications_client.get_all_templates()",
    'response = notifications_client.get_all_templates("sms")',
    'names = [one["name"] for one in notifications_client.get_all_templates(template_type="email")["templates"]]',
    f'response = notifications_client.post_template_preview("{EMAIL}", {VALUES})',
    f'response = notifications_client.post_template_preview(template_id="{EMAIL}", personalisation={VALUES})',
    f'html = notifications_client.post_template_preview("{EMAIL}", {VALUES})["body"]',
    # texts that people send
    "response = notifications_client.get_received_texts_iterator()",
    "response = notifications_client.get_received_texts()",
    "response = notifications_client.get_received_texts(older_than=notification_id)",
    'texts = [one["content"] for one in notifications_client.get_received_texts()["received_text_messages"]]',
    # as services have it
    (
        f'answer = notifications_client.send_sms_notification("07900900123", "{SMS}", {VALUES}, reference="R")\n'
        'seen = (answer["id"], answer["reference"], answer["content"]["body"], answer.get("uri"))'
    ),
    (
        "class Sender:\n"
        "    def __init__(self, client: NotificationsAPIClient):\n        self.client = client\n\n"
        f"    def send(self, number):\n        return self.client.send_sms_notification(number, '{SMS}', {VALUES})['id']\n\n"
        'Sender(notifications_client).send("07900900123")'
    ),
    (
        "try:\n    notifications_client.get_notification_by_id('5ab1ec0d-0000-4000-8000-00000000ffff')\n"
        "except (HTTPError, KeyError) as error:\n    print(error)"
    ),
]
# Who uses these has to look at them: there is no such call here.
NOT_HERE = ["response = notifications_client.get_all_template_versions(template_id)"]
IMPORTS = """\
from notifications_python_client import prepare_upload
from notifications_python_client.errors import HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

"""
