//! WITH ROLLUP, GROUPING(), and where in the row a block's results are.
//!
//! A row that sums up over some of the keys has NULL where those would be. A key that is a column becomes NULL in the column's own
//! slot, where subqueries see it too. Any other key gets a slot of its own behind the aggregates, and takes the place of the
//! expression wherever the select list, HAVING, ORDER BY and the windows have it; not in the arguments of aggregates, which are
//! computed from rows before they are grouped.
//!
//! Behind these slots are those of the calls of GROUPING(), then those of window functions.

use crate::bind::block::AggregateList;
use crate::bind::same::same;
use crate::bind::select::{Item, OrderKey, plain_column};
use crate::bind::window::WINDOW_SLOTS;
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::expression::Expression;

/// Where the numbers of the slots of GROUPING() begin while a block is bound.
pub const GROUPING_SLOTS: usize = 2 << 28;
/// The most arguments of GROUPING(): its value has a bit for each.
const GROUPING_ARGUMENTS_MAX: usize = 64;

/// The slots that grouping fills besides those of the aggregates.
#[derive(Clone, Debug, Default)]
pub struct Rollup {
    /// WITH ROLLUP; else there is GROUPING() only.
    pub is_rollup: bool,
    /// By key: the slot of its value, if that is not the one of an earlier key.
    pub keys: Vec<RollupKey>,
    /// The keys that each call of GROUPING() asks for, and its slot.
    pub groupings: Vec<(Vec<usize>, usize)>,
}

/// Where the value of a key of GROUP BY is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollupKey {
    /// In the slot of the column that it is.
    Column(usize),
    /// In a slot of its own.
    Own(usize),
    /// Where an earlier key has it.
    Earlier,
}

/// The clauses that a block's results stand in.
pub struct Clauses<'c> {
    /// The select list.
    pub items: &'c mut [Item],
    /// HAVING.
    pub having: &'c mut [Expression],
    /// ORDER BY.
    pub order: &'c mut [OrderKey],
}

/// Whether an expression uses the result of a window function, while its block is bound.
#[must_use]
pub fn has_window_function(expression: &Expression) -> bool {
    expression.columns_used().range(WINDOW_SLOTS..GROUPING_SLOTS).next().is_some()
}

/// Gives keys, calls of GROUPING() and window functions their slots, in all clauses.
///
/// # Errors
/// 3602 for an argument of GROUPING() that is not grouped by, 1111 where nothing is grouped.
pub fn settle(
    keys: &[Expression],
    is_rollup: bool,
    list: &mut AggregateList,
    clauses: Clauses,
) -> Result<Option<Rollup>> {
    if !is_rollup && list.groupings.is_empty() && list.windows.calls.is_empty() {
        return Ok(None);
    }
    let mut next = list.base + list.calls.len();
    let mut rollup = Rollup { is_rollup, ..Rollup::default() };
    if is_rollup {
        for (position, key) in keys.iter().enumerate() {
            let is_earlier = keys[..position].iter().any(|earlier| same(earlier, key));
            rollup.keys.push(match plain_column(key) {
                _ if is_earlier => RollupKey::Earlier,
                Some(slot) => RollupKey::Column(slot),
                None => {
                    next += 1;
                    RollupKey::Own(next - 1)
                }
            });
        }
    }
    for arguments in &list.groupings {
        rollup.groupings.push((grouping_keys(keys, arguments)?, next));
        next += 1;
    }
    let settler =
        Settler { keys, rollup: &rollup, first_grouping: next - rollup.groupings.len(), first_window: next };
    for item in clauses.items {
        settler.item(item);
    }
    clauses.having.iter_mut().for_each(|expression| settler.expression(expression));
    for key in clauses.order {
        settler.whole(&mut key.expression);
    }
    for call in &mut list.windows.calls {
        let order = call.order_by.iter_mut().map(|(key, _)| key);
        call.arguments
            .iter_mut()
            .chain(&mut call.partition_by)
            .chain(order)
            .for_each(|e| settler.expression(e));
    }
    Ok((!keys.is_empty()).then_some(rollup))
}

/// The keys that the arguments of GROUPING() are.
fn grouping_keys(keys: &[Expression], arguments: &[Expression]) -> Result<Vec<usize>> {
    if keys.is_empty() {
        return Err(Error::invalid_group_function());
    }
    if arguments.len() > GROUPING_ARGUMENTS_MAX {
        return Err(Error::not_supported("GROUPING() of more than 64 arguments"));
    }
    let find = |(position, argument): (usize, &Expression)| {
        keys.iter().position(|key| same(key, argument)).ok_or_else(|| {
            let message = format!("Argument #{} of GROUPING function is not in GROUP BY", position + 1);
            Error { code: 3602, state: *b"HY000", message }
        })
    };
    arguments.iter().enumerate().map(find).collect()
}

struct Settler<'s> {
    keys: &'s [Expression],
    rollup: &'s Rollup,
    first_grouping: usize,
    first_window: usize,
}

impl Settler<'_> {
    fn item(&self, item: &mut Item) {
        self.whole(&mut item.expression);
        if self.rollup.is_rollup && item.column.nullable | item.expression.nullable() {
            let name = std::mem::take(&mut item.column.name);
            item.column = ResultColumn::computed(name, item.expression.data_type(), true);
        }
    }

    /// An item of the select list or of ORDER BY. A literal is a key only if it is all of the item.
    fn whole(&self, expression: &mut Expression) {
        if expression.as_constant().is_some()
            && let Some(slot) = self.own_slot(expression)
        {
            *expression = Expression::column(slot, expression.data_type(), true, "");
            return;
        }
        self.expression(expression);
    }

    fn own_slot(&self, expression: &Expression) -> Option<usize> {
        self.rollup.keys.iter().zip(self.keys).find_map(|(place, key)| match place {
            RollupKey::Own(slot) if same(key, expression) => Some(*slot),
            _ => None,
        })
    }

    fn expression(&self, expression: &mut Expression) {
        if let Expression::Column { index, nullable, .. } = expression {
            if *index >= GROUPING_SLOTS {
                *index = *index - GROUPING_SLOTS + self.first_grouping;
            } else if *index >= WINDOW_SLOTS {
                *index = *index - WINDOW_SLOTS + self.first_window;
            } else {
                *nullable |= self.rollup.keys.contains(&RollupKey::Column(*index));
            }
            return;
        }
        if expression.as_constant().is_some() {
            return;
        }
        if let Some(slot) = self.own_slot(expression) {
            *expression = Expression::column(slot, expression.data_type(), true, "");
            return;
        }
        expression.for_each_operand_mut(&mut |operand| self.expression(operand));
    }
}
