"""Auto-research: a search that changes a training strategy and keeps what is better under a fixed scorecard."""
