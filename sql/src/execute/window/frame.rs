//! Which rows a frame has.

use std::cmp::Ordering;
use std::ops::Range;

use crate::ast::FrameUnit;
use crate::bind::frame::illegal_offset;
use crate::bind::{BoundFrameBound, BoundOffset};
use crate::error::Error;
use crate::execute::window::Partition;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::plan::window::WindowFunctionPlan;
use crate::types::{Value, convert};

/// The offsets of a frame's bounds that count rows, as they are in this run; 0 where a bound has none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Offsets {
    start: usize,
    end: usize,
}

impl Offsets {
    /// Evaluates and checks the offsets of a function's frame.
    ///
    /// # Errors
    /// 3586 for what no bound can be.
    pub(super) fn evaluate(function: &WindowFunctionPlan, ctx: &mut Context) -> Run<Offsets> {
        let mut one = |bound: &BoundFrameBound| match bound {
            BoundFrameBound::Unbounded | BoundFrameBound::Current => Ok(0),
            BoundFrameBound::Preceding(offset) | BoundFrameBound::Following(offset) => {
                evaluate(offset, &function.window, ctx)
            }
        };
        Ok(Offsets { start: one(&function.frame.start)?, end: one(&function.frame.end)? })
    }
}

fn evaluate(offset: &BoundOffset, window: &str, ctx: &mut Context) -> Run<usize> {
    let value = offset.value.eval(&[], ctx)?;
    if matches!(value, Value::Text(_)) && matches!(offset.value, Expression::Parameter { .. }) {
        return Err(Error::wrong_arguments("EXECUTE").into());
    }
    let is_negative = match &value {
        Value::Null => true,
        // An INTERVAL such as '-1:30'.
        Value::Text(text) => text.trim_ascii_start().starts_with(b"-"),
        value => convert::to_f64(value, ctx.session).is_none_or(|number| number < 0.0),
    };
    if is_negative {
        return Err(illegal_offset(window).into());
    }
    if offset.shifted.is_some() {
        return Ok(0);
    }
    match value {
        Value::Int(number) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
        Value::UInt(number) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
        _ if matches!(offset.value, Expression::Parameter { .. }) => {
            Err(Error::wrong_arguments("EXECUTE").into())
        }
        _ => Err(illegal_offset(window).into()),
    }
}

/// The frames of one partition, row by row.
pub(super) struct Frames<'f> {
    partition: &'f Partition<'f>,
    function: &'f WindowFunctionPlan,
    offsets: Offsets,
    /// Where the last frame began and ended: the next ones do not begin or end before.
    start: usize,
    end: usize,
    /// The peers of the row that was last asked for.
    peers: Range<usize>,
}

impl<'f> Frames<'f> {
    /// The frames of a function over a partition.
    pub(super) fn new(
        partition: &'f Partition<'f>,
        function: &'f WindowFunctionPlan,
        offsets: Offsets,
    ) -> Frames<'f> {
        Frames { partition, function, offsets, start: 0, end: 0, peers: 0..0 }
    }

    /// The frame of the row at a position; to be asked for in their order.
    ///
    /// # Errors
    /// Those of computing the value at a bound (1690).
    pub(super) fn at(&mut self, position: usize, ctx: &mut Context) -> Run<Range<usize>> {
        let length = self.partition.len();
        if self.function.frame.unit == FrameUnit::Range && !self.peers.contains(&position) {
            self.peers = position..self.partition.peers_end(position);
        }
        let frame = &self.function.frame;
        let is_rows = frame.unit == FrameUnit::Rows;
        let start = match &frame.start {
            BoundFrameBound::Unbounded => 0,
            BoundFrameBound::Current if is_rows => position,
            BoundFrameBound::Current => self.peers.start,
            BoundFrameBound::Preceding(_) if is_rows => position.saturating_sub(self.offsets.start),
            BoundFrameBound::Following(_) if is_rows => {
                position.saturating_add(self.offsets.start).min(length)
            }
            BoundFrameBound::Preceding(offset) | BoundFrameBound::Following(offset) => {
                self.range_start(position, offset, ctx)?
            }
        };
        let end = match &frame.end {
            BoundFrameBound::Unbounded => length,
            BoundFrameBound::Current if is_rows => position + 1,
            BoundFrameBound::Current => self.peers.end,
            BoundFrameBound::Preceding(_) if is_rows => (position + 1).saturating_sub(self.offsets.end),
            BoundFrameBound::Following(_) if is_rows => {
                position.saturating_add(self.offsets.end).saturating_add(1).min(length)
            }
            BoundFrameBound::Preceding(offset) | BoundFrameBound::Following(offset) => {
                self.range_end(position, offset, ctx)?
            }
        };
        (self.start, self.end) = (start, end);
        Ok(start..end.max(start))
    }

    /// The value of ORDER BY at a bound; none for NULL, whose bounds are its peers.
    fn target(&self, position: usize, offset: &BoundOffset, ctx: &mut Context) -> Run<Option<Value>> {
        let key = self.partition.input(position, self.partition.step.order[0].position);
        let Some(shifted) = offset.shifted.as_ref().filter(|_| !key.is_null()) else { return Ok(None) };
        shifted.eval(std::slice::from_ref(key), ctx).map(Some)
    }

    /// How the row at a position stands to a value, in the order of the window.
    fn order(&self, position: usize, target: &Value) -> Ordering {
        let key = &self.partition.step.order[0];
        let order = self.partition.input(position, key.position).compare(target, key.collation);
        if key.descending { order.reverse() } else { order }
    }

    fn range_start(&mut self, position: usize, offset: &BoundOffset, ctx: &mut Context) -> Run<usize> {
        let Some(target) = self.target(position, offset, ctx)? else { return Ok(self.peers.start) };
        let mut start = self.start;
        while start < self.partition.len() && self.order(start, &target).is_lt() {
            start += 1;
        }
        Ok(start)
    }

    fn range_end(&mut self, position: usize, offset: &BoundOffset, ctx: &mut Context) -> Run<usize> {
        let Some(target) = self.target(position, offset, ctx)? else { return Ok(self.peers.end) };
        let mut end = self.end;
        while end < self.partition.len() && self.order(end, &target).is_le() {
            end += 1;
        }
        Ok(end)
    }
}
