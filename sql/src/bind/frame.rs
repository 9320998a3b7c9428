//! Frames: which bounds there can be, and what is computed to find them.

use std::sync::Arc;

use crate::ast::{AggregateCall, BinaryOp, Expr, Frame, FrameBound, FrameOffset, FrameUnit, Query};
use crate::bind::window::refusal;
use crate::error::{Error, Result};
use crate::expression::{self, Expression, Scope, Subquery, SubqueryKind};
use crate::session::SessionState;
use crate::types::Value;

/// A frame, bound.
#[derive(Clone, Debug)]
pub struct BoundFrame {
    /// What the bounds count.
    pub unit: FrameUnit,
    /// Where it begins.
    pub start: BoundFrameBound,
    /// Where it ends.
    pub end: BoundFrameBound,
}

/// A bound of a frame, bound.
#[derive(Clone, Debug)]
pub enum BoundFrameBound {
    /// The partition's end on this side.
    Unbounded,
    /// The current row; with RANGE its peers.
    Current,
    /// So far before the current row.
    Preceding(BoundOffset),
    /// So far behind it.
    Following(BoundOffset),
}

/// How far a bound is from the current row.
#[derive(Clone, Debug)]
pub struct BoundOffset {
    /// The number, or the value of INTERVAL.
    pub value: Expression,
    /// With RANGE: the value of ORDER BY at the bound, over a row of one slot, which has that of the current row.
    pub shifted: Option<Expression>,
}

/// The error of a number that a bound of a frame cannot have.
#[must_use]
pub fn illegal_offset(window: &str) -> Error {
    let message = format!("Window '{window}': frame start or end is negative, NULL or of non-integral type");
    refusal(3586, message)
}

/// Binds a frame; `order_by` is that of its window.
///
/// # Errors
/// 3584 to 3590 and 3596 for bounds that cannot be.
pub(super) fn bind_frame(
    session: &SessionState,
    window: &str,
    frame: &Frame,
    order_by: &[(Expression, bool)],
) -> Result<BoundFrame> {
    if frame.start == FrameBound::UnboundedFollowing {
        let message = format!("Window '{window}': frame start cannot be UNBOUNDED FOLLOWING.");
        return Err(refusal(3584, message));
    }
    if frame.end == FrameBound::UnboundedPreceding {
        let message = format!("Window '{window}': frame end cannot be UNBOUNDED PRECEDING.");
        return Err(refusal(3585, message));
    }
    let is_backward = matches!(
        (&frame.start, &frame.end),
        (FrameBound::Following(_), FrameBound::Preceding(_) | FrameBound::CurrentRow)
            | (FrameBound::CurrentRow, FrameBound::Preceding(_))
    );
    if is_backward {
        return Err(illegal_offset(window));
    }
    let bound = |bound: &FrameBound| -> Result<BoundFrameBound> {
        Ok(match bound {
            FrameBound::UnboundedPreceding | FrameBound::UnboundedFollowing => BoundFrameBound::Unbounded,
            FrameBound::CurrentRow => BoundFrameBound::Current,
            FrameBound::Preceding(offset) => BoundFrameBound::Preceding(bind_offset(
                session,
                (window, frame.unit),
                offset,
                order_by,
                true,
            )?),
            FrameBound::Following(offset) => BoundFrameBound::Following(bind_offset(
                session,
                (window, frame.unit),
                offset,
                order_by,
                false,
            )?),
        })
    };
    Ok(BoundFrame { unit: frame.unit, start: bound(&frame.start)?, end: bound(&frame.end)? })
}

fn bind_offset(
    session: &SessionState,
    (window, unit): (&str, FrameUnit),
    offset: &FrameOffset,
    order_by: &[(Expression, bool)],
    preceding: bool,
) -> Result<BoundOffset> {
    let mut nothing = KeyScope { session, window, key: None };
    let value = expression::bind(&offset.value, &mut nothing)?;
    if unit == FrameUnit::Rows {
        if offset.unit.is_some() {
            let message = format!("Window '{window}': INTERVAL can only be used with RANGE frames.");
            return Err(refusal(3596, message));
        }
        return match value.as_constant() {
            None | Some(Value::Int(0..) | Value::UInt(_)) => Ok(BoundOffset { value, shifted: None }),
            Some(_) => Err(illegal_offset(window)),
        };
    }
    let key = match order_by {
        [(key, descending)] if key.data_type().is_numeric() || key.data_type().is_temporal() => {
            Some((key, *descending))
        }
        _ => None,
    };
    let Some((key, descending)) = key else {
        let message = format!(
            "Window '{window}' with RANGE N PRECEDING/FOLLOWING frame requires exactly one deterministic ORDER BY expression, of numeric or temporal type"
        );
        return Err(refusal(3587, message));
    };
    let is_temporal = key.data_type().is_temporal();
    match (&offset.unit, is_temporal) {
        (None, true) => {
            let message = format!(
                "Window '{window}' with RANGE frame has ORDER BY expression of datetime type. Only INTERVAL bound value allowed."
            );
            return Err(refusal(3588, message));
        }
        (Some(_), false) => {
            let message = format!(
                "Window '{window}' with RANGE frame has ORDER BY expression of numeric type, INTERVAL bound value not allowed."
            );
            return Err(refusal(3589, message));
        }
        _ => {}
    }
    let column = Expr::Column { database: None, table: None, column: String::new() };
    let back = preceding != descending;
    let shifted = match &offset.unit {
        Some(unit) => {
            let name = format!("{}_{unit}", if back { "DATE_SUB" } else { "DATE_ADD" });
            Expr::Function { name, arguments: vec![column, offset.value.clone()] }
        }
        None => {
            let op = if back { BinaryOp::Subtract } else { BinaryOp::Add };
            Expr::Binary(op, Box::new(column), Box::new(offset.value.clone()))
        }
    };
    let mut scope = KeyScope { session, window, key: Some(key) };
    let shifted = expression::bind(&shifted, &mut scope)?;
    Ok(BoundOffset { value, shifted: Some(shifted) })
}

/// Where the bound of a frame is bound: the only column there can be is the value of ORDER BY.
struct KeyScope<'s> {
    session: &'s SessionState,
    window: &'s str,
    key: Option<&'s Expression>,
}

impl KeyScope<'_> {
    fn not_constant(&self) -> Error {
        refusal(3590, format!("Window '{}' has a non-constant frame bound.", self.window))
    }
}

impl Scope for KeyScope<'_> {
    fn column(&mut self, _database: Option<&str>, _table: Option<&str>, column: &str) -> Result<Expression> {
        let Some(key) = self.key.filter(|_| column.is_empty()) else { return Err(self.not_constant()) };
        let name = match key {
            Expression::Column { name, .. } => name.to_string(),
            _ => String::new(),
        };
        Ok(Expression::column(0, key.data_type(), true, name))
    }

    fn subquery(&mut self, _query: &Query, _kind: SubqueryKind) -> Result<Arc<Subquery>> {
        Err(self.not_constant())
    }

    fn aggregate(&mut self, _call: &AggregateCall) -> Result<Expression> {
        Err(self.not_constant())
    }

    fn inserted_value(&mut self, _column: &str) -> Result<Expression> {
        Err(self.not_constant())
    }

    fn session(&self) -> &SessionState {
        self.session
    }
}
