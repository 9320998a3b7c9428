//! Expressions as written.

use bytes::Bytes;

use crate::ast::{Query, WindowCall};
use crate::types::{Collation, DataType, Decimal, Value};

/// An expression, names unresolved.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A literal: number, string, NULL, DATE'…', _binary'…' (Blob). Decimal literals are Decimal, 1e0 Double.
    Literal(Value),
    /// `_latin1'…'`, `_utf8mb4 X'…'`, `N'…'`: text with the collation of its introducer.
    Introduced(Value, Collation),
    /// `TRUE`, `FALSE`: 1 and 0, but printed as written.
    Truth(bool),
    /// `X'4D79'`, `0x4D79`, `b'0100'`: bytes, but a number where a number is wanted.
    HexLiteral(Bytes),
    /// `?`, numbered from 0 in order of appearance in the statement.
    Parameter(usize),
    /// A column: `c`, `t.c`, `db.t.c`.
    Column {
        /// Database, if written.
        database: Option<String>,
        /// Table or alias, if written.
        table: Option<String>,
        /// Column.
        column: String,
    },
    /// `-x`, `+x`, `NOT x`, `!x`, `~x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a op b`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `x IS [NOT] NULL`.
    IsNull {
        /// Operand.
        operand: Box<Expr>,
        /// NOT.
        negated: bool,
    },
    /// `x IS [NOT] TRUE|FALSE|UNKNOWN` (value: Some(true), Some(false), None).
    IsTruth {
        /// Operand.
        operand: Box<Expr>,
        /// TRUE, FALSE or UNKNOWN.
        value: Option<bool>,
        /// NOT.
        negated: bool,
    },
    /// `x [NOT] BETWEEN a AND b`.
    Between {
        /// Operand.
        operand: Box<Expr>,
        /// Low end, inclusive.
        low: Box<Expr>,
        /// High end, inclusive.
        high: Box<Expr>,
        /// NOT.
        negated: bool,
    },
    /// `x [NOT] IN (a, b, …)`.
    InList {
        /// Operand.
        operand: Box<Expr>,
        /// Members.
        list: Vec<Expr>,
        /// NOT.
        negated: bool,
    },
    /// `x [NOT] IN (SELECT …)`.
    InSubquery {
        /// Operand.
        operand: Box<Expr>,
        /// Subquery.
        query: Box<Query>,
        /// NOT.
        negated: bool,
    },
    /// `x > ANY (SELECT …)` and its like; `= ANY` and `<> ALL` come as [`Expr::InSubquery`].
    Quantified {
        /// Operand.
        operand: Box<Expr>,
        /// A comparison.
        op: BinaryOp,
        /// ALL rather than ANY.
        all: bool,
        /// Subquery.
        query: Box<Query>,
    },
    /// `[NOT] EXISTS (SELECT …)`.
    Exists {
        /// Subquery.
        query: Box<Query>,
        /// NOT.
        negated: bool,
    },
    /// `(SELECT …)` as a value.
    Subquery(Box<Query>),
    /// `x [NOT] LIKE p [ESCAPE e]`.
    Like {
        /// Operand.
        operand: Box<Expr>,
        /// Pattern.
        pattern: Box<Expr>,
        /// Escape character; backslash when not given.
        escape: Option<Box<Expr>>,
        /// NOT.
        negated: bool,
    },
    /// `x [NOT] REGEXP p`.
    Regexp {
        /// Operand.
        operand: Box<Expr>,
        /// Pattern.
        pattern: Box<Expr>,
        /// NOT.
        negated: bool,
    },
    /// `CASE [x] WHEN a THEN b … [ELSE c] END`.
    Case {
        /// Compared operand, if given.
        operand: Option<Box<Expr>>,
        /// WHEN and THEN pairs.
        branches: Vec<(Expr, Expr)>,
        /// ELSE.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(x AS type)`, `CONVERT(x, type)`, `BINARY x` (as VarBinary). SIGNED is BigInt, UNSIGNED BigInt unsigned.
    Cast {
        /// Operand.
        operand: Box<Expr>,
        /// Target; CHAR without length is `LongText`, BINARY without length `LongBlob`. Text of the collation `Binary` is text of the
        /// connection's.
        to: DataType,
        /// `CONVERT(x USING cs)`, which is shown so.
        using: bool,
    },
    /// `x COLLATE c`.
    Collate(Box<Expr>, Collation),
    /// A function call that is not an aggregate; the name in upper case. Special forms come as calls too:
    /// EXTRACT(unit FROM x) as EXTRACT_UNIT(x), DATE_ADD/DATE_SUB/`+ INTERVAL` as DATE_ADD_UNIT(x, n) / DATE_SUB_UNIT,
    /// TIMESTAMPDIFF/TIMESTAMPADD as TIMESTAMPDIFF_UNIT…, TRIM(BOTH|LEADING|TRAILING a FROM b) as TRIM_BOTH(b, a)…, SUBSTRING(a FROM b FOR c) as SUBSTRING(a, b, c),
    /// POSITION(a IN b) as LOCATE(a, b), CURRENT_TIMESTAMP etc. as NOW().
    Function {
        /// Name in upper case.
        name: String,
        /// Arguments.
        arguments: Vec<Expr>,
    },
    /// A call of a stored function.
    Stored {
        /// Database, if written.
        database: Option<String>,
        /// Name as written.
        name: String,
        /// Arguments.
        arguments: Vec<Expr>,
    },
    /// An aggregate call.
    Aggregate(Box<AggregateCall>),
    /// A window function call.
    Window(Box<WindowCall>),
    /// `VALUES(c)` in ON DUPLICATE KEY UPDATE.
    InsertedValue(String),
    /// `@name`.
    UserVariable(String),
    /// `@name := x`.
    AssignVariable(String, Box<Expr>),
    /// `@@name`, `@@session.name`, `@@global.name`.
    SystemVariable {
        /// Scope as written.
        scope: Option<VariableScope>,
        /// Name in lower case.
        name: String,
    },
    /// `(a, b, …)`.
    Row(Vec<Expr>),
    /// `DEFAULT` as a value in INSERT/UPDATE, `DEFAULT(c)` with a name.
    Default(Option<String>),
}

impl Expr {
    /// The query of an expression that is a subquery, or compares with one.
    #[must_use]
    pub fn subquery(&self) -> Option<&Query> {
        match self {
            Expr::Exists { query, .. }
            | Expr::Subquery(query)
            | Expr::InSubquery { query, .. }
            | Expr::Quantified { query, .. } => Some(query),
            _ => None,
        }
    }

    /// The value of a literal that is assigned to a column of a type: hexadecimal and bit literals are numbers to numeric columns.
    #[must_use]
    pub fn literal_for(&self, data_type: &DataType) -> Option<Value> {
        match self {
            Expr::Literal(value) | Expr::Introduced(value, _) => Some(value.clone()),
            Expr::Truth(value) => Some(Value::Int(i64::from(*value))),
            Expr::HexLiteral(bytes) if data_type.is_numeric() && bytes.len() <= size_of::<u64>() => {
                let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
                Some(Value::UInt(number))
            }
            // More than any integer holds.
            Expr::HexLiteral(_) if data_type.is_numeric() => {
                Some(Value::Decimal(Decimal::from_i128(1 << u64::BITS, 0)))
            }
            Expr::HexLiteral(bytes) => Some(Value::Blob(bytes.clone())),
            _ => None,
        }
    }
}

/// COUNT, SUM, …
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateCall {
    /// Which.
    pub function: AggregateFunction,
    /// Arguments; empty for COUNT(*).
    pub arguments: Vec<Expr>,
    /// DISTINCT.
    pub distinct: bool,
    /// GROUP_CONCAT's ORDER BY (expression, descending).
    pub order_by: Vec<(Expr, bool)>,
    /// GROUP_CONCAT's SEPARATOR.
    pub separator: Option<String>,
}

/// The aggregate functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the SQL function of its name")]
pub enum AggregateFunction {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    GroupConcat,
    BitAnd,
    BitOr,
    BitXor,
    StddevPop,
    StddevSamp,
    VarPop,
    VarSamp,
    AnyValue,
    JsonArrayAgg,
    JsonObjectAgg,
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the SQL operator of its name")]
pub enum UnaryOp {
    Minus,
    Plus,
    Not,
    BitNot,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the SQL operator of its name; NullSafeEq is <=>")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    IntDivide,
    Modulo,
    Eq,
    NullSafeEq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    And,
    Or,
    Xor,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
}

/// Scope of a system variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VariableScope {
    /// SESSION, LOCAL.
    Session,
    /// GLOBAL.
    Global,
}
