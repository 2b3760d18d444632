//! [`Filled`]: a plan whose parameters have values, on loan for one run.

use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use wasm_dbms_api::Value;

use crate::error::Fallible;
use crate::plan::bind::given;
use crate::plan::call::{Operator, Parameter};
use crate::plan::template::Part;
use crate::plan::{BoundExpr, Plan};

/// The copy that the last run gave back, if none has it now.
pub(super) type Spare = Mutex<Option<Box<Copied>>>;

/// A copy of a plan with literals where its parameters were.
#[derive(Debug)]
pub(super) struct Copied {
    plan: Plan,
    /// The parameters, in the order in which expressions are visited, each with how many are visited before it. A literal
    /// has no parts, nor has a parameter: the places are the same with other values.
    parameters: Vec<(usize, Parameter)>,
}

/// A plan with the values of its parameters.
#[derive(Debug)]
pub(crate) struct Filled<'t> {
    plan: &'t Plan,
    spare: &'t Spare,
    /// None if there is nothing to fill in.
    copy: Option<Box<Copied>>,
}

impl<'t> Filled<'t> {
    pub(super) fn new(plan: &'t Plan, spare: &'t Spare, parameters: &[Value]) -> Fallible<Self> {
        if parameters.is_empty() {
            return Ok(Self { plan, spare, copy: None });
        }
        let known = spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut copy = known.unwrap_or_else(|| Copied::of(plan).into());
        copy.fill(parameters)?;
        Ok(Self { plan, spare, copy: Some(copy) })
    }

    /// The plan, to keep.
    pub(crate) fn into_owned(mut self) -> Plan {
        self.copy.take().map_or_else(|| self.plan.clone(), |copy| copy.plan)
    }
}

impl Deref for Filled<'_> {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        self.copy.as_ref().map_or(self.plan, |copy| &copy.plan)
    }
}

impl Drop for Filled<'_> {
    fn drop(&mut self) {
        if let Some(copy) = self.copy.take() {
            *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
        }
    }
}

impl Copied {
    fn of(plan: &Plan) -> Self {
        let mut copy = Self { plan: plan.clone(), parameters: Vec::new() };
        let mut count = 0;
        visit_exprs(&mut copy.plan, &mut |expr| {
            if let BoundExpr::Call(call) = expr
                && let Operator::Parameter(parameter) = &call.operator
            {
                copy.parameters.push((count, parameter.clone()));
            }
            count += 1;
        });
        copy
    }

    fn fill(&mut self, values: &[Value]) -> Fallible<()> {
        let (mut count, mut result) = (0, Ok(()));
        let mut parameters = self.parameters.iter();
        let mut next = parameters.next();
        visit_exprs(&mut self.plan, &mut |expr| {
            if let Some((_, parameter)) = next.filter(|(place, _)| *place == count) {
                next = parameters.next();
                match given(parameter, values) {
                    Ok(value) => *expr = BoundExpr::Literal(value),
                    Err(error) => result = Err(error),
                }
            }
            count += 1;
        });
        result
    }
}

fn visit_exprs(plan: &mut Plan, visit: &mut dyn FnMut(&mut BoundExpr)) {
    plan.visit_mut(&mut |part| {
        if let Part::Expr(expr) = part {
            expr.for_each_mut(visit);
        }
    });
}
