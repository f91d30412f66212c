"""The shop's edge: facts that shops push at us, in the shapes and under the signatures of their own software."""
