"""Cash: where it goes, asking for it, collecting it into batches, and paying it out."""
