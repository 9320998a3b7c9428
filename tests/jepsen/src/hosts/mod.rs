//! Test hosts, and the nodes on them.
