//! Window functions and windows.

use sqlparser::ast::{
    DateTimeField, Expr as Parsed, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, NamedWindowDefinition, NamedWindowExpr, NullTreatment, Value as ParsedValue,
    WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec as ParsedSpec, WindowType,
};
use sqlparser::tokenizer::Span;

use crate::ast::{
    AggregateFunction, Expr, Frame, FrameBound, FrameOffset, FrameUnit, NamedWindow, Over, WindowCall,
    WindowFunction, WindowSpec,
};
use crate::error::Error;
use crate::parse::lower::{Lower, place};
use crate::parse::window::{EXCLUDE, FROM_LAST};

/// MySQL's own words for what neither it nor this server does.
fn refused(feature: &str) -> Error {
    Error {
        code: 1235,
        state: *b"42000",
        message: format!("This version of MySQL doesn't yet support '{feature}'"),
    }
}

fn window_function(name: &str) -> Option<WindowFunction> {
    Some(match name {
        "ROW_NUMBER" => WindowFunction::RowNumber,
        "RANK" => WindowFunction::Rank,
        "DENSE_RANK" => WindowFunction::DenseRank,
        "PERCENT_RANK" => WindowFunction::PercentRank,
        "CUME_DIST" => WindowFunction::CumeDist,
        "NTILE" => WindowFunction::Ntile,
        "LAG" => WindowFunction::Lag,
        "LEAD" => WindowFunction::Lead,
        "FIRST_VALUE" => WindowFunction::FirstValue,
        "LAST_VALUE" => WindowFunction::LastValue,
        "NTH_VALUE" => WindowFunction::NthValue,
        _ => return None,
    })
}

impl Lower<'_, '_> {
    /// A call with OVER.
    pub(super) fn window_call(&self, name: &str, call: Function, span: Span) -> crate::Result<Expr> {
        match call.filter.as_deref() {
            Some(Parsed::Identifier(marker)) if marker.value == FROM_LAST => return Err(refused(FROM_LAST)),
            Some(Parsed::Identifier(marker)) if marker.value == EXCLUDE => return Err(refused(EXCLUDE)),
            _ => {}
        }
        if call.null_treatment == Some(NullTreatment::IgnoreNulls) {
            return Err(refused("IGNORE NULLS"));
        }
        let Some(over) = call.over else { return Err(self.source.syntax_span(span)) };
        let list = match call.args {
            FunctionArguments::List(list) => list,
            _ => FunctionArgumentList { duplicate_treatment: None, args: Vec::new(), clauses: Vec::new() },
        };
        let (function, arguments) = match window_function(name) {
            Some(function) => (function, self.window_arguments(function, list, span)?),
            None => self.window_aggregate(name, list, span)?,
        };
        let over = match over {
            WindowType::NamedWindow(name) => Over::Named(self.name(name)?),
            WindowType::WindowSpec(spec) => Over::Spec(Box::new(self.window_spec(spec)?)),
        };
        Ok(Expr::Window(Box::new(WindowCall { function, arguments, over })))
    }

    fn window_arguments(
        &self,
        function: WindowFunction,
        list: FunctionArgumentList,
        span: Span,
    ) -> crate::Result<Vec<Expr>> {
        let stable_at = match function {
            WindowFunction::Ntile => Some(0),
            WindowFunction::Lag | WindowFunction::Lead => Some(1),
            _ => None,
        };
        let mut arguments = Vec::with_capacity(list.args.len());
        for (position, argument) in list.args.into_iter().enumerate() {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument else {
                return Err(self.source.syntax_span(span));
            };
            let argument = self.expr(argument)?;
            if stable_at == Some(position)
                && let Expr::Column { column, .. } = &argument
            {
                let message = format!("Undeclared variable: {column}");
                return Err(Error { code: 1327, state: *b"42000", message });
            }
            arguments.push(argument);
        }
        Ok(arguments)
    }

    /// An aggregate before OVER.
    fn window_aggregate(
        &self,
        name: &str,
        list: FunctionArgumentList,
        span: Span,
    ) -> crate::Result<(WindowFunction, Vec<Expr>)> {
        let Some(function) = super::function::aggregate(name) else {
            return Err(self.source.syntax_span(span));
        };
        let Expr::Aggregate(call) = self.aggregate(function, list, span)? else {
            return Err(self.source.syntax_span(span));
        };
        match call.function {
            AggregateFunction::AnyValue => return Err(self.source.syntax_span(span)),
            AggregateFunction::GroupConcat => return Err(refused("group_concat as window function")),
            _ => {}
        }
        if call.distinct {
            return Err(refused("<window function>(DISTINCT ..)"));
        }
        Ok((WindowFunction::Aggregate(call.function), call.arguments))
    }

    fn window_spec(&self, spec: ParsedSpec) -> crate::Result<WindowSpec> {
        Ok(WindowSpec {
            base: spec.window_name.map(|name| self.name(name)).transpose()?,
            partition_by: self.exprs(spec.partition_by)?,
            order_by: self.order_by(spec.order_by)?,
            frame: spec.window_frame.map(|frame| self.frame(frame)).transpose()?,
        })
    }

    /// The WINDOW clause.
    pub(super) fn named_windows(
        &self,
        windows: Vec<NamedWindowDefinition>,
    ) -> crate::Result<Vec<NamedWindow>> {
        let named = |NamedWindowDefinition(name, window): NamedWindowDefinition| match window {
            NamedWindowExpr::WindowSpec(spec) => {
                Ok(NamedWindow { name: self.name(name)?, spec: self.window_spec(spec)? })
            }
            NamedWindowExpr::NamedWindow(Ident { span, .. }) => Err(self.source.syntax_span(span)),
        };
        windows.into_iter().map(named).collect()
    }

    fn frame(&self, frame: WindowFrame) -> crate::Result<Frame> {
        let unit = match frame.units {
            WindowFrameUnits::Rows => FrameUnit::Rows,
            WindowFrameUnits::Range => FrameUnit::Range,
            WindowFrameUnits::Groups => return Err(refused("GROUPS")),
        };
        if frame.end_bound.is_none()
            && let WindowFrameBound::Following(offset) = &frame.start_bound
        {
            let at = offset.as_deref().map_or_else(Span::empty, place);
            return Err(self.source.syntax_span(at));
        }
        let start = self.frame_bound(frame.start_bound)?;
        let end = frame.end_bound.map_or(Ok(FrameBound::CurrentRow), |bound| self.frame_bound(bound))?;
        Ok(Frame { unit, start, end })
    }

    fn frame_bound(&self, bound: WindowFrameBound) -> crate::Result<FrameBound> {
        Ok(match bound {
            WindowFrameBound::CurrentRow => FrameBound::CurrentRow,
            WindowFrameBound::Preceding(None) => FrameBound::UnboundedPreceding,
            WindowFrameBound::Following(None) => FrameBound::UnboundedFollowing,
            WindowFrameBound::Preceding(Some(offset)) => FrameBound::Preceding(self.frame_offset(*offset)?),
            WindowFrameBound::Following(Some(offset)) => FrameBound::Following(self.frame_offset(*offset)?),
        })
    }

    /// A number, a parameter, or an INTERVAL.
    fn frame_offset(&self, offset: Parsed) -> crate::Result<FrameOffset> {
        let at = place(&offset);
        match offset {
            Parsed::Interval(interval) => {
                let Some(DateTimeField::Custom(unit)) = interval.leading_field else {
                    return Err(self.source.syntax_span(at));
                };
                let unit = Some(self.unit(&unit.value, unit.span)?);
                Ok(FrameOffset { value: self.expr(*interval.value)?, unit })
            }
            Parsed::Value(value)
                if matches!(value.value, ParsedValue::Number(..) | ParsedValue::Placeholder(_)) =>
            {
                Ok(FrameOffset { value: self.expr(Parsed::Value(value))?, unit: None })
            }
            _ => Err(self.source.syntax_span(at)),
        }
    }
}
