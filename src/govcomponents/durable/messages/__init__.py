"""Jobs on messages: those whose receipts never came, and templates that are not as they were."""
