//! [`Observed`]: what the steps of plans came to in one run, for EXPLAIN ANALYZE.

/// What a step came to: how often it was entered, and how many rows it gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ObservedStep {
    pub(crate) entered: u64,
    pub(crate) rows: u64,
}

/// What a plan came to.
#[derive(Debug, Default)]
pub(crate) struct ObservedPlan {
    pub(crate) runs: u64,
    /// How many rows were answered.
    pub(crate) answered: u64,
    pub(crate) steps: Vec<ObservedStep>,
}

/// What plans came to, by where each stands: it stays there as long as it is asked. They are few.
#[derive(Debug, Default)]
pub(crate) struct Observed(Vec<(usize, ObservedPlan)>);

impl Observed {
    /// What a plan came to; none if it was never asked.
    pub(crate) fn of<P>(&self, plan: &P) -> Option<&ObservedPlan> {
        self.0.iter().find(|(place, _)| *place == place_of(plan)).map(|(_, plan)| plan)
    }

    /// Adds a run of a plan.
    pub(crate) fn add<P>(&mut self, plan: &P, answered: u64, steps: impl Iterator<Item = ObservedStep>) {
        let place = place_of(plan);
        let known = self.0.iter().position(|(own, _)| *own == place).unwrap_or(self.0.len());
        if known == self.0.len() {
            self.0.push((place, ObservedPlan::default()));
        }
        let Some((_, own)) = self.0.get_mut(known) else { return };
        own.runs += 1;
        own.answered += answered;
        for (number, step) in steps.enumerate() {
            match own.steps.get_mut(number) {
                Some(known) => {
                    known.entered += step.entered;
                    known.rows += step.rows;
                }
                None => own.steps.push(step),
            }
        }
    }
}

fn place_of<P>(plan: &P) -> usize {
    std::ptr::from_ref(plan).addr()
}
