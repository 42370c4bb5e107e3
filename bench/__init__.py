"""What is timed: each script prints ratios against a peer or a floor measured in the same run."""
