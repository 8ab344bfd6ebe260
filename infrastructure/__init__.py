"""The ports of the domain, implemented: record, vault, ledger and stores."""
