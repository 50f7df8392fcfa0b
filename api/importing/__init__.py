"""History into the ledger: a merchant's file of payments and labels, decided row by row in the order of its times."""
