//! What clients do.
