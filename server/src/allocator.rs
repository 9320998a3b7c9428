//! The allocator of the process.
//!
//! Sessions, log and store pass buffers between threads, which glibc's arenas answer with memory that is never given back. mimalloc does
//! better ([why](../../docs/decisions/2026-11-22-allocator.md)). A build with the feature `count-allocations` counts calls, for the benches; it
//! has the system's allocator and is no measure of speed.

#[cfg(not(feature = "count-allocations"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(feature = "count-allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// Allocations and reallocations since the start; none in a build that does not count.
#[cfg(feature = "count-allocations")]
pub fn count() -> Option<u64> {
    let stats = ALLOCATOR.stats();
    Some((stats.allocations + stats.reallocations) as u64)
}

/// Allocations and reallocations since the start; none in a build that does not count.
#[cfg(not(feature = "count-allocations"))]
pub const fn count() -> Option<u64> {
    None
}
