//! Calls: aggregates, and the functions whose syntax is not a list of arguments.

use sqlparser::ast::{
    DateTimeField, DuplicateTreatment, Expr as Parsed, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArgumentList, FunctionArguments, Interval, OrderByExpr, OrderBySort,
    Spanned, TrimWhereField, Value as ParsedValue,
};
use sqlparser::tokenizer::Span;

use crate::ast::{AggregateCall, AggregateFunction, BinaryOp, Expr};
use crate::parse::lower::{Lower, place};

/// The units of INTERVAL and EXTRACT.
const UNITS: &[&str] = &[
    "MICROSECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "WEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
    "SECOND_MICROSECOND",
    "MINUTE_MICROSECOND",
    "MINUTE_SECOND",
    "HOUR_MICROSECOND",
    "HOUR_SECOND",
    "HOUR_MINUTE",
    "DAY_MICROSECOND",
    "DAY_SECOND",
    "DAY_MINUTE",
    "DAY_HOUR",
    "YEAR_MONTH",
];

/// The aggregate of a name in upper case.
pub(crate) fn aggregate(name: &str) -> Option<AggregateFunction> {
    Some(match name {
        "COUNT" => AggregateFunction::Count,
        "SUM" => AggregateFunction::Sum,
        "AVG" => AggregateFunction::Avg,
        "MIN" => AggregateFunction::Min,
        "MAX" => AggregateFunction::Max,
        "GROUP_CONCAT" => AggregateFunction::GroupConcat,
        "BIT_AND" => AggregateFunction::BitAnd,
        "BIT_OR" => AggregateFunction::BitOr,
        "BIT_XOR" => AggregateFunction::BitXor,
        "STD" | "STDDEV" | "STDDEV_POP" => AggregateFunction::StddevPop,
        "STDDEV_SAMP" => AggregateFunction::StddevSamp,
        "VARIANCE" | "VAR_POP" => AggregateFunction::VarPop,
        "VAR_SAMP" => AggregateFunction::VarSamp,
        "ANY_VALUE" => AggregateFunction::AnyValue,
        "JSON_ARRAYAGG" => AggregateFunction::JsonArrayAgg,
        "JSON_OBJECTAGG" => AggregateFunction::JsonObjectAgg,
        _ => return None,
    })
}

/// One name for the functions that have several.
fn canonical(name: String) -> String {
    let name = match name.as_str() {
        "CURRENT_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" => "NOW",
        "CURRENT_DATE" => "CURDATE",
        "CURRENT_TIME" => "CURTIME",
        "SCHEMA" => "DATABASE",
        "SESSION_USER" | "SYSTEM_USER" => "USER",
        "CHARACTER_LENGTH" => "CHAR_LENGTH",
        "LCASE" => "LOWER",
        "UCASE" => "UPPER",
        "CEILING" => "CEIL",
        "POWER" => "POW",
        "OCTET_LENGTH" => "LENGTH",
        "DAYOFMONTH" => "DAY",
        _ => return name,
    };
    name.to_owned()
}

/// Whether a name in upper case is a function of the server's, or of MySQL's: a stored one of that name is called by its full name only.
pub(crate) fn is_native(name: &str) -> bool {
    const FORMS: [&str; 13] = [
        "ADDDATE", "CHARSET", "COALESCE", "DATE_ADD", "DATE_SUB", "DEFAULT", "GROUPING", "IF", "IFNULL",
        "ISNULL", "MOD", "NULLIF", "SUBDATE",
    ];
    const MORE: [&str; 5] = ["NAME_CONST", "ROLLUP", "TIMESTAMPADD", "TIMESTAMPDIFF", "VALUES"];
    crate::function::find(name).is_some()
        || FORMS.contains(&name)
        || MORE.contains(&name)
        || crate::function::find(&canonical(name.to_owned())).is_some()
        || crate::function::manual::is_refused(name)
        || crate::function::manual::is_internal(name)
        || aggregate(name).is_some()
}

impl Lower<'_, '_> {
    pub(super) fn function(&self, call: Function) -> crate::Result<Expr> {
        let span = call.name.span();
        let [part] = call.name.0.as_slice() else { return self.qualified_call(call) };
        let Some(ident) = part.as_ident() else { return Err(self.source.syntax_span(span)) };
        let name = ident.value.to_ascii_uppercase();
        if call.over.is_some() {
            return self.window_call(&name, call, span);
        }
        let list = match call.args {
            FunctionArguments::List(list) => list,
            FunctionArguments::None if name == "DEFAULT" => return Ok(Expr::Default(None)),
            _ => FunctionArgumentList { duplicate_treatment: None, args: Vec::new(), clauses: Vec::new() },
        };
        if let Some(function) = aggregate(&name) {
            return self.aggregate(function, list, span);
        }
        let arguments = self.arguments(list, span)?;
        if !is_native(&name) {
            let name = ident.value.clone();
            return Ok(Expr::Stored { database: None, name, arguments: self.exprs(arguments)? });
        }
        self.plain_call(name, arguments, span)
    }

    fn plain_call(&self, name: String, arguments: Vec<Parsed>, span: Span) -> crate::Result<Expr> {
        match (name.as_str(), arguments.len()) {
            ("VALUES" | "DEFAULT", _) => {
                let mut arguments = self.exprs(arguments)?;
                match (arguments.pop(), arguments.is_empty()) {
                    (Some(Expr::Column { column, .. }), true) if name == "VALUES" => {
                        Ok(Expr::InsertedValue(column))
                    }
                    (Some(Expr::Column { column, .. }), true) => Ok(Expr::Default(Some(column))),
                    _ => Err(self.source.syntax_span(span)),
                }
            }
            ("MOD", 2) => {
                let mut arguments = arguments.into_iter();
                match (arguments.next(), arguments.next()) {
                    (Some(left), Some(right)) => {
                        Ok(Expr::Binary(BinaryOp::Modulo, self.boxed(left)?, self.boxed(right)?))
                    }
                    _ => Err(self.source.syntax_span(span)),
                }
            }
            ("DATE_ADD" | "ADDDATE" | "DATE_SUB" | "SUBDATE", 2) => self.date_call(&name, arguments, span),
            ("TIMESTAMPDIFF" | "TIMESTAMPADD", 3) => {
                let mut arguments = arguments.into_iter();
                let unit = match arguments.next() {
                    Some(Parsed::Identifier(unit)) => self.unit(&unit.value, span)?,
                    _ => return Err(self.source.syntax_span(span)),
                };
                let arguments =
                    arguments.map(|argument| self.expr(argument)).collect::<crate::Result<_>>()?;
                Ok(Expr::Function { name: format!("{name}_{unit}"), arguments })
            }
            _ => Ok(Expr::Function { name: canonical(name), arguments: self.exprs(arguments)? }),
        }
    }

    /// `database.function(…)`.
    fn qualified_call(&self, call: Function) -> crate::Result<Expr> {
        let span = call.name.span();
        let mut names = Vec::with_capacity(2);
        for part in &call.name.0 {
            let Some(ident) = part.as_ident() else { return Err(self.source.syntax_span(span)) };
            names.push(ident.value.clone());
        }
        let Ok([database, name]) = <[String; 2]>::try_from(names) else {
            return Err(self.source.syntax_span(span));
        };
        let arguments = match call.args {
            FunctionArguments::List(list) => self.arguments(list, span)?,
            _ => Vec::new(),
        };
        Ok(Expr::Stored { database: Some(database), name, arguments: self.exprs(arguments)? })
    }

    /// Arguments of a call that is no aggregate.
    fn arguments(&self, list: FunctionArgumentList, span: Span) -> crate::Result<Vec<Parsed>> {
        if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
            return Err(self.source.syntax_span(span));
        }
        let of = |argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
            _ => Err(self.source.syntax_span(span)),
        };
        list.args.into_iter().map(of).collect()
    }

    pub(super) fn unit(&self, unit: &str, span: Span) -> crate::Result<String> {
        let unit = unit.to_ascii_uppercase();
        let unit = unit.strip_prefix("SQL_TSI_").unwrap_or(&unit);
        if UNITS.contains(&unit) { Ok(unit.to_owned()) } else { Err(self.source.syntax_span(span)) }
    }

    /// DATE_ADD(x, INTERVAL n unit), ADDDATE(x, days) and their twins.
    fn date_call(&self, name: &str, arguments: Vec<Parsed>, span: Span) -> crate::Result<Expr> {
        let function = if matches!(name, "DATE_ADD" | "ADDDATE") { "DATE_ADD" } else { "DATE_SUB" };
        let mut arguments = arguments.into_iter();
        match (arguments.next(), arguments.next()) {
            (Some(date), Some(Parsed::Interval(interval))) => self.shift_date(function, date, interval),
            (Some(date), Some(days)) if matches!(name, "ADDDATE" | "SUBDATE") => Ok(Expr::Function {
                name: format!("{function}_DAY"),
                arguments: vec![self.expr(date)?, self.expr(days)?],
            }),
            _ => Err(self.source.syntax_span(span)),
        }
    }

    /// `date + INTERVAL n unit` as `DATE_ADD_unit(date, n)`.
    pub(super) fn shift_date(&self, function: &str, date: Parsed, interval: Interval) -> crate::Result<Expr> {
        let Some(DateTimeField::Custom(unit)) = interval.leading_field else {
            return Err(self.source.syntax_span(place(&interval.value)));
        };
        let unit = self.unit(&unit.value, unit.span)?;
        Ok(Expr::Function {
            name: format!("{function}_{unit}"),
            arguments: vec![self.expr(date)?, self.expr(*interval.value)?],
        })
    }

    /// EXTRACT, TRIM, SUBSTRING and POSITION as plain calls.
    pub(super) fn special_call(&self, expr: Parsed) -> crate::Result<Expr> {
        let (name, arguments) = match expr {
            Parsed::Extract { field: DateTimeField::Custom(unit), expr, .. } => {
                (format!("EXTRACT_{}", self.unit(&unit.value, unit.span)?), vec![self.expr(*expr)?])
            }
            Parsed::Trim { trim_where: None, trim_what: None, expr, .. } => {
                ("TRIM".to_owned(), vec![self.expr(*expr)?])
            }
            Parsed::Trim { trim_where, trim_what, expr, .. } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "TRIM_LEADING",
                    Some(TrimWhereField::Trailing) => "TRIM_TRAILING",
                    Some(TrimWhereField::Both) | None => "TRIM_BOTH",
                };
                let mut arguments = vec![self.expr(*expr)?];
                arguments.push(match trim_what {
                    Some(what) => self.expr(*what)?,
                    None => Expr::Literal(crate::types::Value::Text(bytes::Bytes::from_static(b" "))),
                });
                (name.to_owned(), arguments)
            }
            Parsed::Substring { expr, substring_from, substring_for, .. } => {
                let mut arguments = vec![self.expr(*expr)?];
                for argument in [substring_from, substring_for].into_iter().flatten() {
                    arguments.push(self.expr(*argument)?);
                }
                ("SUBSTRING".to_owned(), arguments)
            }
            Parsed::Position { expr, r#in } => {
                ("LOCATE".to_owned(), vec![self.expr(*expr)?, self.expr(*r#in)?])
            }
            other => return Err(self.source.syntax_span(place(&other))),
        };
        Ok(Expr::Function { name, arguments })
    }

    pub(super) fn aggregate(
        &self,
        function: AggregateFunction,
        list: FunctionArgumentList,
        span: Span,
    ) -> crate::Result<Expr> {
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let is_star = matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
        let mut call = AggregateCall {
            function,
            arguments: Vec::new(),
            distinct,
            order_by: Vec::new(),
            separator: None,
        };
        if !is_star {
            for argument in list.args {
                match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => {
                        call.arguments.push(self.expr(expr)?);
                    }
                    _ => return Err(self.source.syntax_span(span)),
                }
            }
        }
        let several = matches!(function, AggregateFunction::GroupConcat)
            || (matches!(function, AggregateFunction::Count) && distinct);
        let count_fits = match call.arguments.len() {
            0 => is_star && function == AggregateFunction::Count && !distinct,
            1 => function != AggregateFunction::JsonObjectAgg,
            2 if function == AggregateFunction::JsonObjectAgg => true,
            _ => several,
        };
        if !count_fits || (!list.clauses.is_empty() && function != AggregateFunction::GroupConcat) {
            return Err(self.source.syntax_span(span));
        }
        for clause in list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(items) => {
                    for item in items {
                        call.order_by.push(self.order_item(item)?);
                    }
                }
                FunctionArgumentClause::Separator(value) => match value.value {
                    ParsedValue::SingleQuotedString(text) => call.separator = Some(text),
                    _ => return Err(self.source.syntax_span(value.span)),
                },
                _ => return Err(self.source.syntax_span(span)),
            }
        }
        Ok(Expr::Aggregate(Box::new(call)))
    }

    /// An item of ORDER BY: expression, descending.
    pub(super) fn order_item(&self, item: OrderByExpr) -> crate::Result<(Expr, bool)> {
        if item.options.nulls_first.is_some() || item.with_fill.is_some() {
            return Err(self.source.syntax_span(place(&item.expr)));
        }
        let descending = match item.options.sort {
            None | Some(OrderBySort::Asc) => false,
            Some(OrderBySort::Desc) => true,
            Some(OrderBySort::Using(_)) => return Err(self.source.syntax_span(place(&item.expr))),
        };
        Ok((self.expr(item.expr)?, descending))
    }
}
