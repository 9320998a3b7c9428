//! Windows and window functions.
//!
//! A call is found while the select list or ORDER BY is bound; its window's expressions are bound then, against the tables
//! of FROM alone (aliases are not seen). Its result has a slot of its own behind those of the aggregates; since it is not
//! known how many of those there will be, a call's slot is first [`WINDOW_SLOTS`] + its number, and
//! [`super::rollup::settle`] gives it the last one.

use crate::ast::{
    Expr, Frame, FrameUnit, NamedWindow, OrderItem, Over, WindowCall, WindowFunction, WindowSpec,
};
use crate::bind::block::{BlockScope, Clause};
use crate::bind::frame::{BoundFrame, BoundFrameBound, bind_frame};
use crate::error::{Error, Result};
use crate::expression::announce::stored_type;
use crate::expression::member::member_text;
use crate::expression::{self, Expression, Scope};
use crate::session::SessionState;
use crate::types::{DataType, TypeKind, Value};

/// Where the numbers of window functions' slots begin while a block is bound.
pub const WINDOW_SLOTS: usize = 1 << 28;

/// The name that messages give a window without one.
const UNNAMED: &str = "<unnamed window>";

/// A window function of a block, bound.
#[derive(Clone, Debug)]
pub struct WindowFunctionCall {
    /// The call as written: equal calls share a slot.
    pub call: WindowCall,
    /// Arguments.
    pub arguments: Vec<Expression>,
    /// PARTITION BY.
    pub partition_by: Vec<Expression>,
    /// ORDER BY, and whether it descends.
    pub order_by: Vec<(Expression, bool)>,
    /// The frame.
    pub frame: BoundFrame,
    /// Name of the window, for messages.
    pub window: String,
    /// Type of the result.
    pub data_type: DataType,
    /// Whether the result may be NULL.
    pub nullable: bool,
}

/// The window functions of a block.
#[derive(Debug, Default)]
pub struct WindowList {
    /// The WINDOW clause.
    pub named: Vec<NamedWindow>,
    /// The calls; call `i` has slot `WINDOW_SLOTS + i`.
    pub calls: Vec<WindowFunctionCall>,
}

/// What a block scope stands in, as far as window functions go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Windowing {
    /// No window function.
    #[default]
    Outside,
    /// The arguments of one.
    Arguments,
    /// The window of this name.
    Window(String),
}

impl WindowFunction {
    /// Its name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        use crate::ast::AggregateFunction as Aggregate;
        match self {
            WindowFunction::RowNumber => "row_number",
            WindowFunction::Rank => "rank",
            WindowFunction::DenseRank => "dense_rank",
            WindowFunction::PercentRank => "percent_rank",
            WindowFunction::CumeDist => "cume_dist",
            WindowFunction::Ntile => "ntile",
            WindowFunction::Lag => "lag",
            WindowFunction::Lead => "lead",
            WindowFunction::FirstValue => "first_value",
            WindowFunction::LastValue => "last_value",
            WindowFunction::NthValue => "nth_value",
            WindowFunction::Aggregate(function) => match function {
                Aggregate::Count => "count",
                Aggregate::Sum => "sum",
                Aggregate::Avg => "avg",
                Aggregate::Min => "min",
                Aggregate::Max => "max",
                Aggregate::BitAnd => "bit_and",
                Aggregate::BitOr => "bit_or",
                Aggregate::BitXor => "bit_xor",
                Aggregate::StddevPop => "std",
                Aggregate::StddevSamp => "stddev_samp",
                Aggregate::VarPop => "variance",
                Aggregate::VarSamp => "var_samp",
                Aggregate::GroupConcat => "group_concat",
                Aggregate::AnyValue => "any_value",
                Aggregate::JsonArrayAgg => "json_arrayagg",
                Aggregate::JsonObjectAgg => "json_objectagg",
            },
        }
    }
}

/// A window function where none may stand.
#[must_use]
pub fn misplaced(function: WindowFunction) -> Error {
    let message = format!("You cannot use the window function '{}' in this context.'", function.name());
    Error { code: 3593, state: *b"HY000", message }
}

pub(super) fn refusal(code: u16, message: String) -> Error {
    Error { code, state: *b"HY000", message }
}

/// PARTITION BY, and ORDER BY with whether it descends.
type Keys = (Vec<Expression>, Vec<(Expression, bool)>);

/// A window with what it has from the one it is made from.
struct Resolved {
    name: String,
    partition_by: Vec<Expr>,
    order_by: Vec<OrderItem>,
    frame: Option<Frame>,
}

/// Checks the WINDOW clause: each name stands once, each reference leads somewhere, and not back.
///
/// # Errors
/// 3591, 3579, 3580, and those of inheritance (3581 to 3583).
pub fn check_named(named: &[NamedWindow]) -> Result<()> {
    for (position, window) in named.iter().enumerate() {
        let same = |before: &&NamedWindow| before.name.eq_ignore_ascii_case(&window.name);
        if let Some(before) = named[..position].iter().find(same) {
            return Err(refusal(3591, format!("Window '{}' is defined twice.", before.name)));
        }
    }
    named.iter().try_for_each(|window| resolve(named, &window.spec, &window.name, 0).map(|_| ()))
}

fn named_window<'w>(named: &'w [NamedWindow], name: &str) -> Result<&'w NamedWindow> {
    named
        .iter()
        .find(|window| window.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| refusal(3579, format!("Window name '{name}' is not defined.")))
}

/// A window with what it inherits; `depth` is how many have led to it.
fn resolve(named: &[NamedWindow], spec: &WindowSpec, name: &str, depth: usize) -> Result<Resolved> {
    let own = Resolved {
        name: name.to_owned(),
        partition_by: spec.partition_by.clone(),
        order_by: spec.order_by.clone(),
        frame: spec.frame.clone(),
    };
    let Some(base) = &spec.base else { return Ok(own) };
    if depth > named.len() {
        let message = "There is a circularity in the window dependency graph.".to_owned();
        return Err(refusal(3580, message));
    }
    let base = named_window(named, base)?;
    let inherited = resolve(named, &base.spec, &base.name, depth + 1)?;
    if !own.partition_by.is_empty() {
        let message = "A window which depends on another cannot define partitioning.".to_owned();
        return Err(refusal(3581, message));
    }
    if inherited.frame.is_some() {
        let message = format!(
            "Window '{}' has a frame definition, so cannot be referenced by another window.",
            base.name
        );
        return Err(refusal(3582, message));
    }
    if !own.order_by.is_empty() && !inherited.order_by.is_empty() {
        let message =
            format!("Window '{name}' cannot inherit '{}' since both contain an ORDER BY clause.", base.name);
        return Err(refusal(3583, message));
    }
    let order_by = if own.order_by.is_empty() { inherited.order_by } else { own.order_by };
    Ok(Resolved { name: own.name, partition_by: inherited.partition_by, order_by, frame: own.frame })
}

fn of_call(named: &[NamedWindow], over: &Over) -> Result<Resolved> {
    match over {
        Over::Named(name) => {
            let window = named_window(named, name)?;
            resolve(named, &window.spec, &window.name, 0)
        }
        Over::Spec(spec) => resolve(named, spec, UNNAMED, 0),
    }
}

/// The name of a call's window, for messages.
#[must_use]
pub fn window_name(over: &Over) -> &str {
    match over {
        Over::Named(name) => name,
        Over::Spec(_) => UNNAMED,
    }
}

impl BlockScope<'_> {
    /// Binds a window function and gives the slot of its result.
    ///
    /// # Errors
    /// 3593 and 3595 where none may stand, those of its window and of its arguments.
    pub(super) fn bind_window(&mut self, call: &WindowCall) -> Result<Expression> {
        if let Windowing::Window(name) = &self.windowing {
            let message =
                format!("You cannot nest a window function in the specification of window '{name}'.");
            return Err(refusal(3595, message));
        }
        let is_place = matches!(self.clause(), Clause::FieldList | Clause::OrderBy);
        if self.windowing != Windowing::Outside || self.is_inside_aggregate() || !is_place {
            return Err(misplaced(call.function));
        }
        let Some(list) = self.aggregates.as_mut() else { return Err(misplaced(call.function)) };
        let position = match list.windows.calls.iter().position(|known| known.call == *call) {
            Some(position) => position,
            None => {
                let bound = self.new_window_call(call)?;
                let Some(list) = self.aggregates.as_mut() else { return Err(misplaced(call.function)) };
                list.windows.calls.push(bound);
                list.windows.calls.len() - 1
            }
        };
        let Some(list) = &self.aggregates else { return Err(misplaced(call.function)) };
        let bound = &list.windows.calls[position];
        let name = call.function.name();
        Ok(Expression::column(WINDOW_SLOTS + position, bound.data_type, bound.nullable, name))
    }

    fn new_window_call(&mut self, call: &WindowCall) -> Result<WindowFunctionCall> {
        let before = std::mem::replace(&mut self.windowing, Windowing::Arguments);
        let arguments: Result<Vec<Expression>> =
            call.arguments.iter().map(|argument| self.bind(argument)).collect();
        let merged = match (call.function, call.arguments.as_slice()) {
            (WindowFunction::Lag | WindowFunction::Lead, [value, _, default]) => {
                let arguments = vec![value.clone(), default.clone()];
                Some(self.bind(&Expr::Function { name: "COALESCE".to_owned(), arguments }))
            }
            _ => None,
        };
        self.windowing = before;
        let mut arguments = arguments?;
        let merged = merged.transpose()?;
        if let WindowFunction::Aggregate(function) = call.function {
            expression::aggregate::prepare_arguments(function, false, &mut arguments)?;
        }
        check_number(call.function, &arguments, self.session())?;
        let named = match &self.aggregates {
            Some(list) => list.windows.named.clone(),
            None => Vec::new(),
        };
        let window = self.bind_spec(of_call(&named, &call.over)?)?;
        let (data_type, nullable) = result_type(call.function, &arguments, merged.as_ref());
        Ok(WindowFunctionCall {
            call: call.clone(),
            arguments,
            partition_by: window.partition_by,
            order_by: window.order_by,
            frame: window.frame,
            window: window.name,
            data_type,
            nullable,
        })
    }

    /// Binds a window of the WINDOW clause that nobody may use, for its errors.
    pub(super) fn bind_unused(&mut self, named: &[NamedWindow], window: &NamedWindow) -> Result<()> {
        let resolved = resolve(named, &window.spec, &window.name, 0)?;
        self.bind_keys(&resolved).map(|_| ())
    }

    /// PARTITION BY and ORDER BY, which see the tables of FROM alone.
    fn bind_keys(&mut self, window: &Resolved) -> Result<Keys> {
        let legacy = |expr: &Expr| matches!(expr, Expr::Literal(Value::Int(_) | Value::UInt(_)));
        let order = window.order_by.iter().map(|item| &item.expr);
        if window.partition_by.iter().chain(order).any(legacy) {
            let message = format!(
                "Window '{}': ORDER BY or PARTITION BY uses legacy position indication which is not supported, use expression.",
                window.name
            );
            return Err(refusal(3592, message));
        }
        let mut inner = self.within_window(&window.name);
        inner.set_clause(Clause::WindowPartition);
        let partition_by =
            window.partition_by.iter().map(|expr| inner.bind(expr)).collect::<Result<Vec<_>>>();
        inner.set_clause(Clause::WindowOrder);
        let order_by = partition_by.and_then(|partition_by| {
            let bind = |item: &OrderItem| Ok((inner.bind(&item.expr)?.sort_key(), item.descending));
            Ok((partition_by, window.order_by.iter().map(bind).collect::<Result<Vec<_>>>()?))
        });
        let list = inner.aggregates.take();
        self.aggregates = list;
        order_by
    }

    fn bind_spec(&mut self, window: Resolved) -> Result<BoundSpec> {
        let (partition_by, order_by) = self.bind_keys(&window)?;
        let frame = match &window.frame {
            None => BoundFrame {
                unit: FrameUnit::Range,
                start: BoundFrameBound::Unbounded,
                // Without an order all rows are peers.
                end: BoundFrameBound::Current,
            },
            Some(frame) => bind_frame(self.session(), &window.name, frame, &order_by)?,
        };
        Ok(BoundSpec { name: window.name, partition_by, order_by, frame })
    }
}

struct BoundSpec {
    name: String,
    partition_by: Vec<Expression>,
    order_by: Vec<(Expression, bool)>,
    frame: BoundFrame,
}

/// The number that NTILE, NTH_VALUE, LAG and LEAD take, if it is known already.
fn check_number(function: WindowFunction, arguments: &[Expression], session: &SessionState) -> Result<()> {
    let (position, least) = match function {
        WindowFunction::Ntile => (0, 1),
        WindowFunction::NthValue => (1, 1),
        WindowFunction::Lag | WindowFunction::Lead => (1, 0),
        _ => return Ok(()),
    };
    let wrong = || Err(Error::wrong_arguments(function.name()));
    let value = match arguments.get(position) {
        None | Some(Expression::Parameter { .. }) => return Ok(()),
        Some(Expression::Constant { value, .. }) => value,
        Some(Expression::UserVariable { name, .. }) => {
            session.user_variables.get(&**name).unwrap_or(&Value::Null)
        }
        Some(_) => return wrong(),
    };
    match value {
        Value::Int(number) if *number >= least => Ok(()),
        Value::UInt(number) if i64::try_from(*number).is_ok_and(|number| number >= least) => Ok(()),
        _ => wrong(),
    }
}

/// The result's type, and whether it may be NULL; `merged` is the value of LAG or LEAD together with its default.
fn result_type(
    function: WindowFunction,
    arguments: &[Expression],
    merged: Option<&Expression>,
) -> (DataType, bool) {
    // A column of a temporary table.
    let plain = |data_type: DataType| match data_type.kind {
        TypeKind::Year => data_type,
        _ if data_type.has_members() => member_text(&data_type),
        _ => stored_type(data_type.without_fill(), 0),
    };
    let first = arguments.first().map_or(DataType::NULL, Expression::data_type);
    match function {
        WindowFunction::RowNumber
        | WindowFunction::Rank
        | WindowFunction::DenseRank
        | WindowFunction::Ntile => (DataType::BIGINT_UNSIGNED, false),
        WindowFunction::PercentRank | WindowFunction::CumeDist => (DataType::DOUBLE, false),
        WindowFunction::Lag | WindowFunction::Lead => match merged {
            None => (plain(first), true),
            Some(merged) => {
                let nullable = arguments[0].nullable() || arguments[2].nullable();
                (plain(merged.data_type()), nullable)
            }
        },
        WindowFunction::FirstValue | WindowFunction::LastValue | WindowFunction::NthValue => {
            (plain(first), true)
        }
        WindowFunction::Aggregate(function) => {
            let (data_type, nullable) = expression::aggregate::result_type(function, arguments);
            (plain(data_type), nullable)
        }
    }
}
