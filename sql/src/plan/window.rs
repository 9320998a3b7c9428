//! The plan of a block's window functions.

use crate::ast::WindowFunction;
use crate::bind::same::same;
use crate::bind::{BoundFrame, BoundSelect, WindowFunctionCall};
use crate::expression::Expression;
use crate::plan::node::SortKey;
use crate::plan::slots;
use crate::types::DataType;

/// The window functions of a block. Its rows are kept with what the windows look at; each step sorts them and computes the functions of
/// one order.
#[derive(Debug)]
pub struct WindowPlan {
    /// Slots of the row that are read afterwards.
    pub keep: Vec<usize>,
    /// What the windows look at, computed from the row as it comes.
    pub inputs: Vec<Expression>,
    /// The orders.
    pub steps: Vec<WindowStep>,
    /// The first slot of the results.
    pub base: usize,
    /// How many results there are.
    pub count: usize,
}

/// The window functions over rows in one order.
#[derive(Debug)]
pub struct WindowStep {
    /// PARTITION BY; positions are those of inputs.
    pub partition: Vec<SortKey>,
    /// ORDER BY.
    pub order: Vec<SortKey>,
    /// The functions.
    pub functions: Vec<WindowFunctionPlan>,
}

/// A window function.
#[derive(Debug)]
pub struct WindowFunctionPlan {
    /// Which.
    pub function: WindowFunction,
    /// Its arguments among the inputs.
    pub arguments: Vec<usize>,
    /// Their types.
    pub argument_types: Vec<DataType>,
    /// The number of NTILE, NTH_VALUE, LAG and LEAD.
    pub number: Option<Expression>,
    /// The frame.
    pub frame: BoundFrame,
    /// Name of the window, for messages.
    pub window: String,
    /// Type of the result.
    pub data_type: DataType,
    /// Which result it is.
    pub result: usize,
}

/// Plans the window functions of a block; none when it has none. `base` is the first slot of their results.
#[must_use]
pub fn plan(bound: &BoundSelect, project: &[Expression], base: usize) -> Option<WindowPlan> {
    if bound.windows.is_empty() {
        return None;
    }
    let mut keep: Vec<usize> = project
        .iter()
        .flat_map(slots::slots_of)
        .chain(bound.read_from_inside.iter().copied())
        .filter(|slot| *slot < base)
        .collect();
    keep.sort_unstable();
    keep.dedup();
    let mut plan =
        WindowPlan { keep, inputs: Vec::new(), steps: Vec::new(), base, count: bound.windows.len() };
    for (result, call) in bound.windows.iter().enumerate() {
        plan.add(result, call);
    }
    // The longest orders first: rows that a later step sorts by less stay in them.
    plan.steps.sort_by_key(|step| std::cmp::Reverse(step.partition.len() + step.order.len()));
    Some(plan)
}

/// The expressions of a window function that are computed for each row.
pub fn inputs_of(call: &WindowFunctionCall) -> impl Iterator<Item = &Expression> {
    call.arguments.iter().chain(&call.partition_by).chain(call.order_by.iter().map(|(key, _)| key))
}

impl WindowPlan {
    fn add(&mut self, result: usize, call: &WindowFunctionCall) {
        let number_at = match call.call.function {
            WindowFunction::Ntile => Some(0),
            WindowFunction::NthValue | WindowFunction::Lag | WindowFunction::Lead => Some(1),
            _ => None,
        };
        let arguments = call.arguments.iter().enumerate();
        let values: Vec<&Expression> =
            arguments.filter(|(position, _)| Some(*position) != number_at).map(|(_, value)| value).collect();
        let function = WindowFunctionPlan {
            function: call.call.function,
            arguments: values.iter().map(|value| self.input(value)).collect(),
            argument_types: values.iter().map(|value| value.data_type()).collect(),
            number: number_at.and_then(|position| call.arguments.get(position)).cloned(),
            frame: call.frame.clone(),
            window: call.window.clone(),
            data_type: call.data_type,
            result,
        };
        let partition: Vec<SortKey> = call.partition_by.iter().map(|key| self.key(key, false)).collect();
        let order: Vec<SortKey> =
            call.order_by.iter().map(|(key, descending)| self.key(key, *descending)).collect();
        match self.steps.iter_mut().find(|step| step.partition == partition && step.order == order) {
            Some(step) => step.functions.push(function),
            None => self.steps.push(WindowStep { partition, order, functions: vec![function] }),
        }
    }

    fn key(&mut self, key: &Expression, descending: bool) -> SortKey {
        SortKey { position: self.input(key), descending, collation: key.data_type().collation }
    }

    fn input(&mut self, expression: &Expression) -> usize {
        let is_steady = slots::is_steady(expression);
        match self.inputs.iter().position(|known| is_steady && same(known, expression)) {
            Some(position) => position,
            None => {
                self.inputs.push(expression.clone());
                self.inputs.len() - 1
            }
        }
    }
}
