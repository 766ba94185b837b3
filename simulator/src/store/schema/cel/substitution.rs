//! What the types that are to be found out stand for, and which type may take the place of which.
//!
//! Source: cel-go v0.26 `checker/types.go` and `checker/mapping.go`.

use std::sync::Arc;

use super::cel_type::CelType;

/// What each [`CelType::Param`] stands for, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Substitution(Vec<Option<CelType>>);

impl Substitution {
    /// The first of `n` types that nothing is known of yet.
    pub(super) fn fresh(&mut self, n: usize) -> usize {
        let first = self.0.len();
        self.0.resize(first + n, None);
        first
    }

    /// Whether one may take the place of the other; what follows from that is kept.
    pub(super) fn assign(&mut self, one: &CelType, other: &CelType) -> bool {
        self.assign_all([(one, other)])
    }

    /// The same for each of several.
    pub(super) fn assign_all<'t>(
        &mut self,
        pairs: impl IntoIterator<Item = (&'t CelType, &'t CelType)>,
    ) -> bool {
        let mut tried = self.clone();
        let fits = pairs
            .into_iter()
            .all(|(one, other)| tried.unify(one, other));
        if fits {
            *self = tried;
        }
        fits
    }

    fn known(&self, param: usize) -> Option<&CelType> {
        self.0.get(param)?.as_ref()
    }

    fn unify(&mut self, one: &CelType, other: &CelType) -> bool {
        use CelType::{List, Map, Named, Object, Optional, Param, Type};
        if let Param(param) = other {
            match self.stand_for(*param, one) {
                Fit::Yes => return true,
                Fit::Known => return false,
                Fit::Circular => {}
            }
        }
        if let Param(param) = one {
            return matches!(self.stand_for(*param, other), Fit::Yes);
        }
        match (one, other) {
            (one, other) if one.is_open() || other.is_open() => true,
            (null, other) | (other, null) if *null == CelType::NULL => other.takes_null(),
            (Named(one), Named(other)) => one == other,
            (Object(one), Object(other)) => one == other,
            (Type(_), Type(_)) => true,
            (Optional(one), Optional(other)) | (List(one), List(other)) => self.unify(one, other),
            (Map(key, value), Map(other_key, other_value)) => {
                self.unify(key, other_key) && self.unify(value, other_value)
            }
            _ => false,
        }
    }

    /// Lets `param` stand for `kind`, or for what is more general than that and what it stood for.
    fn stand_for(&mut self, param: usize, kind: &CelType) -> Fit {
        if *kind == CelType::Param(param) {
            return Fit::Yes;
        }
        if let Some(known) = self.known(param).cloned() {
            if *kind == known {
                return Fit::Yes;
            }
            if !self.unify(kind, &known) {
                return Fit::Known;
            }
            let general = more_general(kind, &known);
            if !self.is_within(param, general) {
                self.0[param] = Some(general.clone());
            }
            return Fit::Yes;
        }
        if self.is_within(param, kind) {
            return Fit::Circular;
        }
        self.0[param] = Some(kind.clone());
        Fit::Yes
    }

    /// Whether a type is, or holds, what `param` stands for.
    fn is_within(&self, param: usize, kind: &CelType) -> bool {
        match kind {
            CelType::Param(inner) => {
                *inner == param
                    || self
                        .known(*inner)
                        .is_some_and(|known| self.is_within(param, known))
            }
            CelType::List(of) | CelType::Optional(of) | CelType::Type(of) => {
                self.is_within(param, of)
            }
            CelType::Map(keys, values) => {
                self.is_within(param, keys) || self.is_within(param, values)
            }
            CelType::Named(_) | CelType::Dyn | CelType::Error | CelType::Object(_) => false,
        }
    }

    /// The type with everything in it that is known.
    pub(super) fn resolved(&self, kind: &CelType) -> CelType {
        let inner = |kind: &Arc<CelType>| Arc::new(self.resolved(kind));
        match kind {
            CelType::Param(param) => match self.known(*param) {
                Some(known) => self.resolved(known),
                None => kind.clone(),
            },
            CelType::List(of) => CelType::List(inner(of)),
            CelType::Optional(of) => CelType::Optional(inner(of)),
            CelType::Type(of) => CelType::Type(inner(of)),
            CelType::Map(keys, values) => CelType::Map(inner(keys), inner(values)),
            CelType::Named(_) | CelType::Dyn | CelType::Error | CelType::Object(_) => kind.clone(),
        }
    }

    /// The same, where what is not known may be anything.
    pub(super) fn settled(&self, kind: &CelType) -> CelType {
        let resolved = self.resolved(kind);
        map_params(&resolved, &|_| CelType::Dyn)
    }
}

enum Fit {
    Yes,
    /// It stands for something else.
    Known,
    /// It would hold itself.
    Circular,
}

/// The type with something else for each type that is to be found out.
pub(super) fn map_params(kind: &CelType, map: &impl Fn(usize) -> CelType) -> CelType {
    let inner = |kind: &Arc<CelType>| Arc::new(map_params(kind, map));
    match kind {
        CelType::Param(param) => map(*param),
        CelType::List(of) => CelType::List(inner(of)),
        CelType::Optional(of) => CelType::Optional(inner(of)),
        CelType::Type(of) => CelType::Type(inner(of)),
        CelType::Map(keys, values) => CelType::Map(inner(keys), inner(values)),
        CelType::Named(_) | CelType::Dyn | CelType::Error | CelType::Object(_) => kind.clone(),
    }
}

/// Of two types that fit each other, the one that says less.
pub(super) fn more_general<'t>(one: &'t CelType, other: &'t CelType) -> &'t CelType {
    match says_less(one, other) {
        true => one,
        false => other,
    }
}

fn says_less(one: &CelType, other: &CelType) -> bool {
    use CelType::{Dyn, List, Map, Optional, Param, Type};
    match (one, other) {
        (Dyn | Param(_), _) => true,
        (_, Dyn | Param(_)) => false,
        (List(one), List(other)) | (Optional(one), Optional(other)) => says_less(one, other),
        (Map(key, value), Map(other_key, other_value)) => {
            says_less(key, other_key) && says_less(value, other_value)
        }
        (Type(_), Type(_)) => true,
        (one, other) => one == other,
    }
}
