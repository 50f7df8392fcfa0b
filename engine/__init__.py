"""What a decision is: payments, features, rules and decide(). Pure, except stores/ and the one orchestrator."""
