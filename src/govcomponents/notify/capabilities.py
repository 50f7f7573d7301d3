"""Capabilities that an adapter of the notify port may declare."""

from __future__ import annotations

from enum import StrEnum


class NotifyCapability(StrEnum):
    """One thing that a provider can do. An operation or argument that needs more is refused before it is sent."""

    EMAIL = "email"
    SMS = "text_messages"
    LETTER = "letters"
    PRECOMPILED = "ready_made_letters"
    ATTACHMENTS = "files_by_email"
    GET = "get"
    SEARCH = "search"
    LETTER_PDF = "pdfs_of_letters"
    TEMPLATES = "templates"
    PREVIEW = "preview"
    INBOUND_SMS = "inbound_text_messages"
    REPLY_TO = "reply_to_addresses"
    SENDER = "text_message_senders"
    UNSUBSCRIBE = "one_click_unsubscribe"
    SANITISE = "sanitising"
    CALLBACKS = "callbacks"
    JOBS = "jobs"
