//! Anomalies of transactions, each planted on rows of its own.

/// An anomaly of transactions: its name, by which models (in the order of [`Model::ALL`]) it is refused (`x`) or allowed (`.`), of how many transactions its smallest
/// cycle is (0: it is found without), and what is planted.
pub type Anomaly = (&'static str, &'static str, usize, &'static str);

pub const LIST_APPEND: [Anomaly; 17] = [
    (
        "dirty write (G0)",
        "xxxxxxxx",
        2,
        "
        0 invoke txn [[:append :a 1] [:append :b 1]]
        1 invoke txn [[:append :a 2] [:append :b 2]]
        2 invoke txn [[:r :a nil] [:r :b nil]]
        0 ok txn [[:append :a 1] [:append :b 1]]
        1 ok txn [[:append :a 2] [:append :b 2]]
        2 ok txn [[:r :a [1 2]] [:r :b [2 1]]]",
    ),
    (
        "aborted read (G1a)",
        ".xxxxxxx",
        0,
        "
        0 invoke txn [[:append :a 1]]
        1 invoke txn [[:r :a nil]]
        0 fail txn [[:append :a 1]]
        1 ok txn [[:r :a [1]]]",
    ),
    (
        "dirty update",
        ".xxxxxxx",
        0,
        "
        0 invoke txn [[:append :a 1]]
        1 invoke txn [[:append :a 2]]
        2 invoke txn [[:r :a nil]]
        0 fail txn [[:append :a 1]]
        1 ok txn [[:append :a 2]]
        2 ok txn [[:r :a [1 2]]]",
    ),
    (
        "intermediate read (G1b)",
        ".xxxxxxx",
        0,
        "
        0 invoke txn [[:append :a 1] [:append :a 2]]
        1 invoke txn [[:r :a nil]]
        0 ok txn [[:append :a 1] [:append :a 2]]
        1 ok txn [[:r :a [1]]]
        1 invoke txn [[:r :a nil]]
        1 ok txn [[:r :a [1 2]]]",
    ),
    (
        "circular flow of information (G1c)",
        ".xxxxxxx",
        2,
        "
        0 invoke txn [[:append :a 1] [:r :b nil]]
        1 invoke txn [[:append :b 1] [:r :a nil]]
        0 ok txn [[:append :a 1] [:r :b [1]]]
        1 ok txn [[:append :b 1] [:r :a [1]]]",
    ),
    (
        "duplicate elements",
        "xxxxxxxx",
        0,
        "
        0 invoke txn [[:append :a 1]]
        1 invoke txn [[:r :a nil]]
        0 ok txn [[:append :a 1]]
        1 ok txn [[:r :a [1 1]]]",
    ),
    (
        "incompatible orders",
        ".xxxxxxx",
        0,
        "
        0 invoke txn [[:append :a 1]]
        1 invoke txn [[:append :a 2]]
        0 ok txn [[:append :a 1]]
        1 ok txn [[:append :a 2]]
        2 invoke txn [[:r :a nil]]
        3 invoke txn [[:r :a nil]]
        2 ok txn [[:r :a [1 2]]]
        3 ok txn [[:r :a [2 1]]]",
    ),
    (
        "own change missed (internal)",
        "xxxxxxxx",
        0,
        "
        0 invoke txn [[:append :a 1] [:r :a nil]]
        0 ok txn [[:append :a 1] [:r :a nil]]
        1 invoke txn [[:r :a nil]]
        1 ok txn [[:r :a [1]]]",
    ),
    (
        "own change seen before it is made",
        ".xxxxxxx",
        0,
        "
        0 invoke txn [[:r :a nil] [:append :a 1]]
        0 ok txn [[:r :a [1]] [:append :a 1]]",
    ),
    (
        "non-repeatable read",
        "...xxxxx",
        2,
        "
        0 invoke txn [[:r :a nil] [:r :a nil]]
        1 invoke txn [[:append :a 1]]
        1 ok txn [[:append :a 1]]
        0 ok txn [[:r :a nil] [:r :a [1]]]",
    ),
    (
        "lost update (P4)",
        "...xxxxx",
        2,
        "
        0 invoke txn [[:r :a nil] [:append :a 1]]
        1 invoke txn [[:r :a nil] [:append :a 2]]
        0 ok txn [[:r :a nil] [:append :a 1]]
        1 ok txn [[:r :a nil] [:append :a 2]]
        2 invoke txn [[:r :a nil]]
        2 ok txn [[:r :a [1 2]]]",
    ),
    (
        "read skew (G-single)",
        "...xxxxx",
        2,
        "
        0 invoke txn [[:append :a 1] [:append :b 1]]
        1 invoke txn [[:r :a nil] [:r :b nil]]
        0 ok txn [[:append :a 1] [:append :b 1]]
        1 ok txn [[:r :a nil] [:r :b [1]]]",
    ),
    (
        "long fork (G-nonadjacent)",
        "...xxxxx",
        4,
        "
        0 invoke txn [[:append :a 1]]
        1 invoke txn [[:append :b 1]]
        2 invoke txn [[:r :a nil] [:r :b nil]]
        3 invoke txn [[:r :a nil] [:r :b nil]]
        0 ok txn [[:append :a 1]]
        1 ok txn [[:append :b 1]]
        2 ok txn [[:r :a [1]] [:r :b nil]]
        3 ok txn [[:r :a nil] [:r :b [1]]]",
    ),
    (
        "write skew (G2-item)",
        ".....xxx",
        2,
        "
        0 invoke txn [[:r :a nil] [:append :b 1]]
        1 invoke txn [[:r :b nil] [:append :a 1]]
        0 ok txn [[:r :a nil] [:append :b 1]]
        1 ok txn [[:r :b nil] [:append :a 1]]",
    ),
    (
        "read-only anomaly (G2-item)",
        ".....xxx",
        3,
        "
        0 invoke txn [[:r :a nil] [:r :b nil] [:append :a 1]]
        1 invoke txn [[:append :b 1]]
        1 ok txn [[:append :b 1]]
        2 invoke txn [[:r :a nil] [:r :b nil]]
        2 ok txn [[:r :a nil] [:r :b [1]]]
        0 ok txn [[:r :a nil] [:r :b nil] [:append :a 1]]",
    ),
    (
        "stale read",
        "..x.x..x",
        2,
        "
        0 invoke txn [[:append :a 1]]
        0 ok txn [[:append :a 1]]
        1 invoke txn [[:r :a nil]]
        1 ok txn [[:r :a nil]]
        2 invoke txn [[:r :a nil]]
        2 ok txn [[:r :a [1]]]",
    ),
    (
        "acknowledged and lost",
        "..x.x..x",
        2,
        "
        0 invoke txn [[:append :a 1]]
        0 ok txn [[:append :a 1]]
        1 invoke txn [[:append :a 2]]
        1 ok txn [[:append :a 2]]
        2 invoke txn [[:r :a nil]]
        2 ok txn [[:r :a [1]]]",
    ),
];

pub const RW_REGISTER: [Anomaly; 11] = [
    (
        "aborted read (G1a)",
        ".xxxxxxx",
        0,
        "
        0 invoke txn [[:w :a 1]]
        1 invoke txn [[:r :a nil]]
        0 fail txn [[:w :a 1]]
        1 ok txn [[:r :a 1]]",
    ),
    (
        "intermediate read (G1b)",
        ".xxxxxxx",
        0,
        "
        0 invoke txn [[:w :a 1] [:w :a 2]]
        1 invoke txn [[:r :a nil]]
        0 ok txn [[:w :a 1] [:w :a 2]]
        1 ok txn [[:r :a 1]]",
    ),
    (
        "circular flow of information (G1c)",
        ".xxxxxxx",
        2,
        "
        0 invoke txn [[:w :a 1] [:r :b nil]]
        1 invoke txn [[:w :b 1] [:r :a nil]]
        0 ok txn [[:w :a 1] [:r :b 1]]
        1 ok txn [[:w :b 1] [:r :a 1]]",
    ),
    (
        "own change missed (internal)",
        "xxxxxxxx",
        0,
        "
        0 invoke txn [[:w :a 1] [:r :a nil]]
        0 ok txn [[:w :a 1] [:r :a nil]]",
    ),
    (
        "lost update (P4)",
        "...xxxxx",
        2,
        "
        0 invoke txn [[:w :a 1]]
        0 ok txn [[:w :a 1]]
        1 invoke txn [[:r :a nil] [:w :a 2]]
        2 invoke txn [[:r :a nil] [:w :a 3]]
        1 ok txn [[:r :a 1] [:w :a 2]]
        2 ok txn [[:r :a 1] [:w :a 3]]",
    ),
    (
        "read skew (G-single)",
        "...xxxxx",
        2,
        "
        0 invoke txn [[:w :a 1] [:w :b 1]]
        1 invoke txn [[:r :a nil] [:r :b nil]]
        0 ok txn [[:w :a 1] [:w :b 1]]
        1 ok txn [[:r :a nil] [:r :b 1]]",
    ),
    (
        "long fork (G-nonadjacent)",
        "...xxxxx",
        4,
        "
        0 invoke txn [[:w :a 1]]
        1 invoke txn [[:w :b 1]]
        2 invoke txn [[:r :a nil] [:r :b nil]]
        3 invoke txn [[:r :a nil] [:r :b nil]]
        0 ok txn [[:w :a 1]]
        1 ok txn [[:w :b 1]]
        2 ok txn [[:r :a 1] [:r :b nil]]
        3 ok txn [[:r :a nil] [:r :b 1]]",
    ),
    (
        "write skew (G2-item)",
        ".....xxx",
        2,
        "
        0 invoke txn [[:r :a nil] [:w :b 1]]
        1 invoke txn [[:r :b nil] [:w :a 1]]
        0 ok txn [[:r :a nil] [:w :b 1]]
        1 ok txn [[:r :b nil] [:w :a 1]]",
    ),
    (
        "stale read of nothing",
        "..x.x..x",
        2,
        "
        0 invoke txn [[:w :a 1]]
        0 ok txn [[:w :a 1]]
        1 invoke txn [[:r :a nil]]
        1 ok txn [[:r :a nil]]",
    ),
    (
        "stale read",
        "..x.x..x",
        0,
        "
        0 invoke txn [[:w :a 1]]
        0 ok txn [[:w :a 1]]
        1 invoke txn [[:w :a 2]]
        1 ok txn [[:w :a 2]]
        2 invoke txn [[:r :a nil]]
        2 ok txn [[:r :a 1]]",
    ),
    (
        "versions that go back",
        "..x.x..x",
        0,
        "
        0 invoke txn [[:w :a 1]]
        1 invoke txn [[:w :a 2]]
        0 ok txn [[:w :a 1]]
        1 ok txn [[:w :a 2]]
        2 invoke txn [[:r :a nil]]
        2 ok txn [[:r :a 1]]
        2 invoke txn [[:r :a nil]]
        2 ok txn [[:r :a 2]]
        2 invoke txn [[:r :a nil]]
        2 ok txn [[:r :a 1]]",
    ),
];
