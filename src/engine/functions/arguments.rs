//! The evaluated arguments of a call.

use nth_promql::Call;

use crate::error::Error;
use crate::value::{Evaluated, Series};

/// Arguments, taken in order.
pub(super) struct Arguments<'c> {
    call: &'c Call,
    rest: std::vec::IntoIter<Evaluated>,
}

impl<'c> Arguments<'c> {
    /// The arguments of a call.
    pub(super) fn new(call: &'c Call, args: Vec<Evaluated>) -> Self {
        Self {
            call,
            rest: args.into_iter(),
        }
    }

    /// True if none is left.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.len() == 0
    }

    /// Takes an instant vector.
    pub(super) fn vector(&mut self) -> Result<Vec<Series>, Error> {
        match self.rest.next() {
            Some(Evaluated::Vector(series)) => Ok(series),
            other => Err(self.unexpected("instant vector", other.as_ref())),
        }
    }

    /// Takes a scalar: one number per step.
    pub(super) fn scalar(&mut self) -> Result<Vec<f64>, Error> {
        match self.rest.next() {
            Some(Evaluated::Scalar(values)) => Ok(values),
            other => Err(self.unexpected("scalar", other.as_ref())),
        }
    }

    /// Takes a string.
    pub(super) fn text(&mut self) -> Result<String, Error> {
        match self.rest.next() {
            Some(Evaluated::String(text)) => Ok(text),
            other => Err(self.unexpected("string", other.as_ref())),
        }
    }

    /// Takes all others, which are strings.
    pub(super) fn texts(&mut self) -> Result<Vec<String>, Error> {
        let mut texts = Vec::with_capacity(self.rest.len());
        while !self.is_empty() {
            texts.push(self.text()?);
        }
        Ok(texts)
    }

    /// Takes all others, which are scalars.
    pub(super) fn scalars(&mut self) -> Result<Vec<Vec<f64>>, Error> {
        let mut scalars = Vec::with_capacity(self.rest.len());
        while !self.is_empty() {
            scalars.push(self.scalar()?);
        }
        Ok(scalars)
    }

    fn unexpected(&self, expected: &str, found: Option<&Evaluated>) -> Error {
        let name = &self.call.function;
        let found = match found {
            Some(Evaluated::Vector(_)) => "instant vector",
            Some(Evaluated::Scalar(_)) => "scalar",
            Some(Evaluated::String(_)) => "string",
            None => "nothing",
        };
        Error::new(
            format!("expected type {expected} in call to function {name}, got {found}"),
            self.call.function_span,
        )
    }
}
