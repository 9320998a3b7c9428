//! What hurts the cluster.
