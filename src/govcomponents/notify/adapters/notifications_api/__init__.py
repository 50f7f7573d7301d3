"""The base of adapters for the notifications-api family: GOV.UK Notify, and the services that grew out of its code."""
