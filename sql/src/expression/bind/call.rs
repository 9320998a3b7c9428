//! Function calls: looking the function up, checking its arguments, the forms that become operators.

use crate::ast::Expr;
use crate::error::{Error, Result};
use crate::expression::bind::{Binder, needs_text, text};
use crate::expression::collate::agree;
use crate::expression::{CompareOp, Expression};
use crate::function;
use crate::types::{DataType, Value};

impl Binder<'_> {
    pub(super) fn function(&mut self, name: &str, arguments: &[Expr]) -> Result<Expression> {
        if let Some(position) = arguments.iter().position(|argument| matches!(argument, Expr::Row(_))) {
            let _ = position;
            return Err(Error::operand_columns(1));
        }
        match (name, arguments) {
            ("IF", [condition, yes, no]) => {
                let branches = vec![(self.bind(condition)?, self.bind(yes)?)];
                let otherwise = self.bind(no)?;
                return self.make_case(branches, otherwise);
            }
            ("NULLIF", [left, right]) => {
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                let data_type = left.data_type();
                let equal = self.compare_bound(CompareOp::Eq, left.clone(), right)?;
                let null = Expression::constant(Value::Null, DataType::NULL);
                return Ok(Expression::Case {
                    branches: vec![(equal, null)],
                    otherwise: Box::new(left),
                    data_type,
                });
            }
            ("IFNULL" | "COALESCE", _) => return self.coalesce(name, arguments),
            ("ISNULL", [operand]) => {
                return Ok(Expression::IsNull { operand: Box::new(self.bind(operand)?), negated: false });
            }
            ("MOD", [left, right]) => {
                let whole = Expr::Binary(
                    crate::ast::BinaryOp::Modulo,
                    Box::new(left.clone()),
                    Box::new(right.clone()),
                );
                return self.bind(&whole);
            }
            _ => {}
        }
        let function = match function::find(name) {
            Some(function) => function,
            None => return Err(self.unknown_function(name)),
        };
        if !function.takes(arguments.len()) {
            return Err(Error::parameter_count(name));
        }
        let mut arguments = self.bind_all(arguments)?;
        let connection = self.connection();
        for (position, argument) in arguments.iter_mut().enumerate() {
            if function.wants_text(position) && needs_text(argument) {
                let taken = std::mem::replace(argument, Expression::integer(0));
                *argument = text(taken, connection);
            }
        }
        let texts = arguments.iter().enumerate().filter(|(position, _)| function.wants_text(*position));
        let collation = if function.takes_text() {
            agree(texts.map(|(_, argument)| argument), connection, &name.to_lowercase())?
        } else {
            connection
        };
        function.check(&arguments)?;
        let data_type = function.result_type(&arguments, collation);
        Ok(Expression::Call { function, arguments, data_type, collation })
    }

    /// The first argument that is not NULL; as a CASE, so that the others are not evaluated.
    fn coalesce(&mut self, name: &str, arguments: &[Expr]) -> Result<Expression> {
        if arguments.is_empty() || (name == "IFNULL" && arguments.len() != 2) {
            return Err(Error::parameter_count(name));
        }
        let mut bound = self.bind_all(arguments)?;
        let Some(last) = bound.pop() else { return Err(Error::parameter_count(name)) };
        let branches = bound
            .into_iter()
            .map(|argument| {
                let known = Expression::IsNull { operand: Box::new(argument.clone()), negated: true };
                (known, argument)
            })
            .collect();
        self.make_case(branches, last)
    }

    fn unknown_function(&self, name: &str) -> Error {
        if function::is_refused(name) {
            return Error::not_supported(format!("the function {name}"));
        }
        match &self.scope.session().database {
            Some(database) => Error::unknown_function(format!("{database}.{}", name.to_lowercase())),
            None => Error::no_database(),
        }
    }
}
