//! Typed expressions: binding, inference, evaluation.
//!
//! [`bind()`] turns a written expression ([`crate::ast::Expr`]) into an [`Expression`]: names resolved, types and
//! collations inferred, functions looked up. [`Expression::eval`] runs it over a row. The variants are public, so that
//! the planner can take conditions apart; the types that they carry are those MySQL would put into a result's metadata.
//!
//! Evaluation looks at the values, not at the declared types: two integers are added as integers whatever their columns'
//! widths. That keeps parameters, whose type is known at execution only, on the same path. Columns and constants are
//! borrowed, not copied, by the operators that compare and calculate.
//!
//! Left out: common subexpressions are evaluated each time, and no constant is folded but literals next to a column of
//! another type (see `bind/comparison.rs`).

use std::sync::Arc;

use crate::ast;
use crate::ast::{BinaryOp, VariableScope};
use crate::function::Function;
use crate::plan::QueryPlan;
use crate::plan::dependence::Dependence;
use crate::program::within::function::FunctionPlan;
use crate::session::SessionState;
use crate::types::{Collation, DataType, TypeKind, Value};

pub mod aggregate;
pub mod announce;
mod arithmetic;
mod bind;
pub(crate) mod collate;
mod display;
mod eval;
#[cfg(test)]
pub(crate) mod golden;
mod infer;
mod known_value;
mod length;
mod like;
pub(crate) mod member;
mod regexp;
mod settle;
mod visit;

pub(crate) use arithmetic::decimal_of;
pub use bind::bind;
pub(crate) use bind::{days_of_members, misfit, no_date, stored_value, year_of};
pub use collate::Coercibility;
pub use infer::{chosen_type, common_type};
pub use like::{LikePattern, like_prefix};
pub use regexp::Pattern as RegexpPattern;

/// What an expression's binder asks of the place it stands in.
pub trait Scope {
    /// A column reference.
    ///
    /// # Errors
    /// 1054, 1052.
    fn column(
        &mut self,
        database: Option<&str>,
        table: Option<&str>,
        column: &str,
    ) -> crate::Result<Expression>;
    /// A subquery as a value, as IN's right side, or under EXISTS.
    ///
    /// # Errors
    /// Whatever binding the query raises.
    fn subquery(&mut self, query: &ast::Query, kind: SubqueryKind) -> crate::Result<Arc<Subquery>>;
    /// An aggregate call: where aggregation is possible, its slot in the aggregated row; elsewhere 1111.
    ///
    /// # Errors
    /// 1111.
    fn aggregate(&mut self, call: &ast::AggregateCall) -> crate::Result<Expression>;
    /// A window function: its slot in the row.
    ///
    /// # Errors
    /// 3593 where none may stand.
    fn window(&mut self, call: &ast::WindowCall) -> crate::Result<Expression> {
        Err(crate::bind::window::misplaced(call.function))
    }
    /// `GROUPING(…)`: its slot in the grouped row.
    ///
    /// # Errors
    /// 1111 where nothing is grouped.
    fn grouping(&mut self, _arguments: &[ast::Expr]) -> crate::Result<Expression> {
        Err(crate::Error::invalid_group_function())
    }
    /// `VALUES(c)`.
    ///
    /// # Errors
    /// 1054 outside of ON DUPLICATE KEY UPDATE.
    fn inserted_value(&mut self, column: &str) -> crate::Result<Expression>;
    /// Notes what the statement is to be warned of whenever it runs.
    fn warn(&self, _warning: crate::session::Warning) {}
    /// [`Scope::warn`], if there is something.
    fn warn_all(&self, warning: Option<crate::session::Warning>) {
        if let Some(warning) = warning {
            self.warn(warning);
        }
    }
    /// Notes that a constant stands next to a date or time, which it may turn out not to be.
    fn warn_of_constant(&self, _beside: &Expression, _constant: &Expression) {}
    /// `DEFAULT(c)`.
    ///
    /// # Errors
    /// 1054, 1364, 3773; 1235 where it has no place.
    fn default_value(&mut self, column: &str) -> crate::Result<Expression> {
        let _ = column;
        Err(crate::Error::not_supported("DEFAULT() in this expression"))
    }
    /// A stored function of so many arguments.
    ///
    /// # Errors
    /// 1046, 1305, 1318.
    fn stored_function(
        &self,
        database: Option<&str>,
        name: &str,
        _argument_count: usize,
    ) -> crate::Result<Arc<FunctionPlan>> {
        let current = self.session().database.as_deref();
        let database = database.or(current).ok_or_else(crate::Error::no_database)?;
        Err(crate::program::missing(ast::RoutineKind::Function, database, name))
    }
    /// The session, for modes, collation and time zone.
    fn session(&self) -> &SessionState;
    /// What reads no row, but has to be evaluated before the first one, for its errors.
    fn check_at_start(&self, _expression: &Expression) {}
}

/// A subquery inside an expression.
#[derive(Debug)]
pub struct Subquery {
    /// How it is used.
    pub kind: SubqueryKind,
    /// Its plan.
    pub plan: QueryPlan,
    /// Whether it reads rows of an enclosing query.
    pub correlated: bool,
    /// What its result depends on beside the tables it reads.
    pub dependence: Dependence,
    /// Types of its columns.
    pub columns: Vec<DataType>,
    /// Slots of the immediately enclosing row that it, or a subquery inside it, reads.
    pub outer_columns: Vec<usize>,
    /// The slots of the enclosing row that it names: of a column of a merged table that one, which is made of others.
    pub outer_names: Vec<usize>,
}

/// Uses of a subquery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubqueryKind {
    /// One value.
    Scalar,
    /// Several values of one row.
    Row,
    /// IN's right side.
    In,
    /// The right side of a comparison with ANY, or with ALL (true).
    Quantified(bool),
    /// EXISTS.
    Exists,
}

/// The comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the SQL operator of its name; NullSafeEq is <=>")]
pub enum CompareOp {
    Eq,
    NullSafeEq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
}

impl CompareOp {
    /// The operator with its operands exchanged: `a < b` is `b > a`.
    #[must_use]
    pub fn mirrored(self) -> CompareOp {
        match self {
            CompareOp::Less => CompareOp::Greater,
            CompareOp::LessEq => CompareOp::GreaterEq,
            CompareOp::Greater => CompareOp::Less,
            CompareOp::GreaterEq => CompareOp::LessEq,
            CompareOp::Eq | CompareOp::NullSafeEq | CompareOp::NotEq => self,
        }
    }

    /// Whether it holds between two values that compare so.
    #[must_use]
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            CompareOp::Eq | CompareOp::NullSafeEq => order.is_eq(),
            CompareOp::NotEq => order.is_ne(),
            CompareOp::Less => order.is_lt(),
            CompareOp::LessEq => order.is_le(),
            CompareOp::Greater => order.is_gt(),
            CompareOp::GreaterEq => order.is_ge(),
        }
    }

    /// Of a parsed operator, if it is a comparison.
    #[must_use]
    pub fn from_binary(op: BinaryOp) -> Option<CompareOp> {
        Some(match op {
            BinaryOp::Eq => CompareOp::Eq,
            BinaryOp::NullSafeEq => CompareOp::NullSafeEq,
            BinaryOp::NotEq => CompareOp::NotEq,
            BinaryOp::Less => CompareOp::Less,
            BinaryOp::LessEq => CompareOp::LessEq,
            BinaryOp::Greater => CompareOp::Greater,
            BinaryOp::GreaterEq => CompareOp::GreaterEq,
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::IntDivide
            | BinaryOp::Modulo
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Xor
            | BinaryOp::BitAnd
            | BinaryOp::BitOr
            | BinaryOp::BitXor
            | BinaryOp::ShiftLeft
            | BinaryOp::ShiftRight => return None,
        })
    }
}

/// A bound expression.
#[derive(Clone, Debug)]
pub enum Expression {
    /// A literal.
    Constant {
        /// Value.
        value: Value,
        /// Type.
        data_type: DataType,
    },
    /// `?`.
    Parameter {
        /// Its number from 0.
        index: usize,
        /// Its type when the statement is planned for execution, else a guess.
        data_type: DataType,
        /// Whether the type is a guess.
        guessed: bool,
        /// It is a variable of a program: of the type and the collation of its declaration.
        is_variable: bool,
    },
    /// A slot of the row being worked on.
    Column {
        /// Slot.
        index: usize,
        /// Type.
        data_type: DataType,
        /// Whether it may be NULL.
        nullable: bool,
        /// Name, for messages.
        name: Arc<str>,
    },
    /// A slot of an enclosing query's row.
    Outer {
        /// How many queries out: 1 is the nearest enclosing one.
        depth: usize,
        /// Slot.
        index: usize,
        /// Type.
        data_type: DataType,
        /// Whether it may be NULL.
        nullable: bool,
        /// Name, for messages.
        name: Arc<str>,
    },
    /// `+ - * / DIV % & | ^ << >>`.
    Arithmetic {
        /// Which; never a comparison nor a logical operator.
        op: BinaryOp,
        /// Left operand.
        left: Box<Expression>,
        /// Right operand.
        right: Box<Expression>,
        /// Type of the result.
        data_type: DataType,
    },
    /// `-x`.
    Negate {
        /// Operand.
        operand: Box<Expression>,
        /// Type of the result.
        data_type: DataType,
    },
    /// `~x`.
    BitNot(Box<Expression>),
    /// `NOT x`.
    Not(Box<Expression>),
    /// All of these.
    And(Vec<Expression>),
    /// Any of these.
    Or(Vec<Expression>),
    /// `a XOR b`.
    Xor(Box<Expression>, Box<Expression>),
    /// `a = b` and its like.
    Compare {
        /// Which.
        op: CompareOp,
        /// Left operand.
        left: Box<Expression>,
        /// Right operand.
        right: Box<Expression>,
        /// The collation that text is compared by.
        collation: Collation,
    },
    /// `x IS [NOT] NULL`.
    IsNull {
        /// Operand.
        operand: Box<Expression>,
        /// NOT.
        negated: bool,
    },
    /// `x IS [NOT] TRUE|FALSE`.
    IsTruth {
        /// Operand.
        operand: Box<Expression>,
        /// TRUE or FALSE.
        value: bool,
        /// NOT.
        negated: bool,
    },
    /// `x [NOT] BETWEEN low AND high`.
    Between {
        /// Operand.
        operand: Box<Expression>,
        /// Low end, inclusive.
        low: Box<Expression>,
        /// High end, inclusive.
        high: Box<Expression>,
        /// NOT.
        negated: bool,
        /// The collation that text is compared by.
        collation: Collation,
    },
    /// `x [NOT] IN (…)`.
    InList {
        /// Operand.
        operand: Box<Expression>,
        /// Members.
        list: Vec<Expression>,
        /// NOT.
        negated: bool,
        /// The collation that text is compared by.
        collation: Collation,
    },
    /// `x [NOT] IN (SELECT …)`; several operands for a row.
    InSubquery {
        /// Operands.
        operands: Vec<Expression>,
        /// Subquery.
        subquery: Arc<Subquery>,
        /// NOT.
        negated: bool,
    },
    /// `x > ANY (SELECT …)` and its like.
    Quantified {
        /// Operand.
        operand: Box<Expression>,
        /// The comparison.
        op: CompareOp,
        /// ALL rather than ANY.
        all: bool,
        /// Subquery.
        subquery: Arc<Subquery>,
        /// The collation that text is compared by.
        collation: Collation,
    },
    /// `[NOT] EXISTS (SELECT …)`.
    Exists {
        /// Subquery.
        subquery: Arc<Subquery>,
        /// NOT.
        negated: bool,
    },
    /// `(SELECT …)` as a value.
    ScalarSubquery(Arc<Subquery>),
    /// One of several columns of `(SELECT …)` that is compared as a row.
    SubqueryColumn {
        /// Subquery.
        subquery: Arc<Subquery>,
        /// Position of the column.
        position: usize,
    },
    /// `x [NOT] LIKE p`.
    Like {
        /// Operand.
        operand: Box<Expression>,
        /// Pattern.
        pattern: Box<Expression>,
        /// Escape character; None when there is none (`ESCAPE ''`).
        escape: Option<char>,
        /// NOT.
        negated: bool,
        /// Collation of the comparison.
        collation: Collation,
        /// The pattern compiled, when it is a literal.
        compiled: Option<Arc<LikePattern>>,
    },
    /// `x [NOT] REGEXP p`.
    Regexp {
        /// Operand.
        operand: Box<Expression>,
        /// Pattern.
        pattern: Box<Expression>,
        /// NOT.
        negated: bool,
        /// Collation of the comparison.
        collation: Collation,
        /// The pattern compiled, when it is a literal.
        compiled: Option<Arc<RegexpPattern>>,
    },
    /// `CASE`, in the form without operand, and IF.
    Case {
        /// Condition and result.
        branches: Vec<(Expression, Expression)>,
        /// ELSE; a NULL constant when there is none.
        otherwise: Box<Expression>,
        /// Type of the result.
        data_type: DataType,
    },
    /// `CAST(x AS type)`.
    Cast {
        /// Operand.
        operand: Box<Expression>,
        /// Target.
        to: DataType,
    },
    /// `x COLLATE c`.
    Collate {
        /// Operand.
        operand: Box<Expression>,
        /// Type with that collation.
        data_type: DataType,
    },
    /// A function call.
    Call {
        /// Which.
        function: &'static Function,
        /// Arguments.
        arguments: Vec<Expression>,
        /// Type of the result.
        data_type: DataType,
        /// Collation that the function compares or writes text by.
        collation: Collation,
    },
    /// A call of a stored function.
    Stored {
        /// Which.
        function: Arc<FunctionPlan>,
        /// Arguments.
        arguments: Vec<Expression>,
        /// What errors about the result call it.
        label: Arc<str>,
    },
    /// `@name`.
    UserVariable {
        /// Name in lower case.
        name: Arc<str>,
        /// Type it had when bound.
        data_type: DataType,
    },
    /// `@name := x`.
    AssignVariable {
        /// Name in lower case.
        name: Arc<str>,
        /// What is assigned.
        operand: Box<Expression>,
    },
    /// `@@name`.
    SystemVariable {
        /// Scope as written.
        scope: Option<VariableScope>,
        /// Name in lower case.
        name: Arc<str>,
        /// Type.
        data_type: DataType,
    },
}

/// Type of a cast: one to text or bytes of any length is as long as its operand, since clients reserve memory by a column's length.
fn cast_type(operand: &Expression, to: DataType) -> DataType {
    let guessed = matches!(operand, Expression::UserVariable { .. });
    let from = operand.data_type();
    match to.kind {
        TypeKind::LongText if !guessed => DataType::varchar(from.characters(), to.collation),
        TypeKind::LongBlob if !guessed && from.is_integer() => DataType::varbinary(match operand {
            // Digits and a sign.
            Expression::Constant { value: Value::Int(value), .. } => {
                value.unsigned_abs().checked_ilog10().map_or(2, |digits| digits + 2)
            }
            operand if operand.is_condition() => 1,
            _ => from.characters(),
        }),
        TypeKind::LongBlob if !guessed => {
            let bytes_of_character = if from.is_text() { 4 } else { 1 };
            DataType::varbinary(from.characters().saturating_mul(bytes_of_character))
        }
        _ => to,
    }
}

impl Expression {
    /// A slot of the row being worked on.
    #[must_use]
    pub fn column(
        index: usize,
        data_type: DataType,
        nullable: bool,
        name: impl Into<Arc<str>>,
    ) -> Expression {
        Expression::Column { index, data_type, nullable, name: name.into() }
    }

    /// A slot of an enclosing query's row; depth 1 is the nearest one.
    #[must_use]
    pub fn outer(
        depth: usize,
        index: usize,
        data_type: DataType,
        nullable: bool,
        name: impl Into<Arc<str>>,
    ) -> Expression {
        Expression::Outer { depth, index, data_type, nullable, name: name.into() }
    }

    /// A constant of a type.
    #[must_use]
    pub fn constant(value: Value, data_type: DataType) -> Expression {
        Expression::Constant { value, data_type }
    }

    /// An integer constant.
    #[must_use]
    pub fn integer(value: i64) -> Expression {
        Expression::Constant { value: Value::Int(value), data_type: DataType::BIGINT }
    }

    /// `left op right`, compared by the collation that the operands agree on.
    ///
    /// # Errors
    /// 1267 when they do not agree.
    pub fn compare(op: CompareOp, left: Expression, right: Expression) -> crate::Result<Expression> {
        bind::comparison(op, left, right)
    }

    /// All of `parts`; true when there is none.
    #[must_use]
    pub fn all(mut parts: Vec<Expression>) -> Expression {
        match parts.len() {
            0 => Expression::integer(1),
            1 => parts.remove(0),
            _ => Expression::And(parts),
        }
    }

    /// The value, if this is a literal.
    #[must_use]
    pub fn as_constant(&self) -> Option<&Value> {
        match self {
            Expression::Constant { value, .. } => Some(value),
            _ => None,
        }
    }

    /// A hexadecimal or bit literal as the number it is where one is wanted. Its type is a binary string that is UNSIGNED (which is
    /// how MySQL announces it to clients too).
    pub(crate) fn as_hex_number(&self) -> Option<Expression> {
        let Expression::Constant { value: Value::Blob(bytes), data_type } = self else { return None };
        if !data_type.unsigned || bytes.len() > size_of::<u64>() {
            return None;
        }
        let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Some(Expression::constant(Value::UInt(number), DataType::BIGINT_UNSIGNED))
    }

    /// What warnings about documents call it: a column's or function's name.
    #[cold]
    pub(crate) fn json_name(&self) -> String {
        match self {
            Expression::Column { name, .. } | Expression::Outer { name, .. } => name.to_string(),
            Expression::Call { function, .. } => function.name.to_lowercase().replace(' ', "_"),
            Expression::Case { .. } => "case".to_owned(),
            _ => String::new(),
        }
    }

    /// Type of the result.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self {
            Expression::Constant { data_type, .. }
            | Expression::Parameter { data_type, .. }
            | Expression::Column { data_type, .. }
            | Expression::Outer { data_type, .. }
            | Expression::Arithmetic { data_type, .. }
            | Expression::Negate { data_type, .. }
            | Expression::Case { data_type, .. }
            | Expression::Collate { data_type, .. }
            | Expression::Call { data_type, .. }
            | Expression::UserVariable { data_type, .. }
            | Expression::SystemVariable { data_type, .. } => *data_type,
            Expression::Cast { operand, to } => cast_type(operand, *to),
            Expression::Stored { function, .. } => function.data_type(),
            Expression::BitNot(_) => DataType::BIGINT_UNSIGNED,
            Expression::Not(_)
            | Expression::And(_)
            | Expression::Or(_)
            | Expression::Xor(..)
            | Expression::Compare { .. }
            | Expression::IsNull { .. }
            | Expression::IsTruth { .. }
            | Expression::Between { .. }
            | Expression::InList { .. }
            | Expression::InSubquery { .. }
            | Expression::Quantified { .. }
            | Expression::Exists { .. }
            | Expression::Like { .. }
            | Expression::Regexp { .. } => DataType::BIGINT,
            Expression::SubqueryColumn { subquery, position } => {
                subquery.columns.get(*position).copied().unwrap_or(DataType::NULL)
            }
            Expression::ScalarSubquery(subquery) => {
                // As in MySQL, a member that comes out of a subquery is text only.
                match subquery.columns.first().copied().unwrap_or(DataType::NULL) {
                    data_type if data_type.has_members() => member::member_text(&data_type),
                    data_type => data_type,
                }
            }
            Expression::AssignVariable { operand, .. } => match operand.data_type() {
                // A variable holds a plain number.
                DataType { kind: TypeKind::Bit(_), .. } => DataType::BIGINT_UNSIGNED,
                data_type => data_type.without_fill(),
            },
        }
    }

    /// Whether the result may be NULL.
    #[must_use]
    pub fn nullable(&self) -> bool {
        match self {
            Expression::Constant { value, .. } => matches!(value, Value::Null),
            Expression::Column { nullable, .. } | Expression::Outer { nullable, .. } => *nullable,
            Expression::Arithmetic { op, left, right, .. } => {
                matches!(op, BinaryOp::Divide | BinaryOp::IntDivide | BinaryOp::Modulo)
                    || left.nullable()
                    || right.nullable()
            }
            Expression::Negate { operand, .. }
            | Expression::BitNot(operand)
            | Expression::Not(operand)
            | Expression::Collate { operand, .. } => operand.nullable(),
            Expression::And(parts) | Expression::Or(parts) => parts.iter().any(Expression::nullable),
            Expression::Xor(left, right) => left.nullable() || right.nullable(),
            Expression::Compare { op: CompareOp::NullSafeEq, .. }
            | Expression::IsNull { .. }
            | Expression::IsTruth { .. }
            | Expression::Exists { .. } => false,
            Expression::Compare { left, right, .. } => left.nullable() || right.nullable(),
            Expression::Between { operand, low, high, .. } => {
                operand.nullable() || low.nullable() || high.nullable()
            }
            Expression::InList { operand, list, .. } => {
                operand.nullable() || list.iter().any(Expression::nullable)
            }
            Expression::Like { operand, pattern, .. } | Expression::Regexp { operand, pattern, .. } => {
                operand.nullable() || pattern.nullable()
            }
            Expression::Case { branches, otherwise, .. } => {
                otherwise.nullable() || branches.iter().any(|(_, result)| result.nullable())
            }
            Expression::Cast { operand, to } => {
                operand.nullable()
                    || ((to.is_temporal() || to.kind == TypeKind::Year) && operand.data_type() != *to)
                    || (to.is_text() && operand.data_type().is_binary())
            }
            Expression::Call { function, arguments, .. } => function.nullable(arguments),
            Expression::Parameter { .. }
            | Expression::Stored { .. }
            | Expression::InSubquery { .. }
            | Expression::Quantified { .. }
            | Expression::ScalarSubquery(_)
            | Expression::SubqueryColumn { .. }
            | Expression::UserVariable { .. }
            | Expression::AssignVariable { .. }
            | Expression::SystemVariable { .. } => true,
        }
    }
}
