//! The tensors of one module, by the ends of their names: their shapes for the plan, their numbers for the change.

use crate::linalg::Matrix;

/// Shapes as stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shapes(pub Vec<(&'static str, Vec<u64>)>);

/// The fault of parts that do not make a module.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// This part is not there.
    Missing(&'static str),
    /// The two factors of a product, and the ranks they have.
    Ranks(u64, u64),
    /// In words.
    Form(String),
}

/// The matrix that a module changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// `[out, in]`; 0 where the parts do not tell.
    pub shape: [u64; 2],
    /// None where the method has none.
    pub rank: Option<u64>,
}

impl Shapes {
    pub fn has(&self, part: &str) -> bool {
        self.0.iter().any(|(own, _)| *own == part)
    }

    pub fn of(&self, part: &'static str) -> Result<&[u64], Fault> {
        self.0
            .iter()
            .find(|(own, _)| *own == part)
            .map(|(_, shape)| shape.as_slice())
            .ok_or(Fault::Missing(part))
    }

    /// A matrix, or a convolution's kernel with everything but its first dimension in the columns.
    pub fn flat(&self, part: &'static str) -> Result<[u64; 2], Fault> {
        match self.of(part)? {
            [rows, rest @ ..] if (1..=4).contains(&rest.len()) => {
                let columns = rest.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
                columns
                    .map(|columns| [*rows, columns])
                    .ok_or_else(|| Fault::Form(format!("“{part}” is impossibly large.")))
            }
            shape => Err(Fault::Form(format!(
                "“{part}” has {} dimensions, not two to five.",
                shape.len()
            ))),
        }
    }

    /// The length of a vector, whatever dimensions of 1 stand around it.
    pub fn vector(&self, part: &'static str) -> Result<u64, Fault> {
        let long: Vec<u64> = self.of(part)?.iter().copied().filter(|d| *d != 1).collect();
        match long[..] {
            [] => Ok(1),
            [n] => Ok(n),
            _ => Err(Fault::Form(format!("“{part}” is no vector."))),
        }
    }

    /// The two factors of a product `[out, r]` times `[r, in]`.
    pub fn product(&self, left: &'static str, right: &'static str) -> Result<Outline, Fault> {
        let ([out, rank], [other, inputs]) = (self.flat(left)?, self.flat(right)?);
        if rank != other {
            return Err(Fault::Ranks(other, rank));
        }
        Ok(Outline {
            shape: [out, inputs],
            rank: Some(rank),
        })
    }
}

/// One tensor's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    pub shape: Vec<u64>,
    /// The first dimension down the rows, all others across.
    pub matrix: Matrix,
}

/// All tensors of one module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parts(pub Vec<(&'static str, Factor)>);

impl Parts {
    pub fn get(&self, part: &str) -> Option<&Factor> {
        self.0.iter().find(|(own, _)| *own == part).map(|(_, factor)| factor)
    }

    pub fn matrix(&self, part: &str) -> Result<&Matrix, String> {
        self.get(part)
            .map(|f| &f.matrix)
            .ok_or_else(|| format!("“{part}” was not read."))
    }

    /// The numbers of a vector, in order.
    pub fn vector(&self, part: &str) -> Result<&[f32], String> {
        // One of the dimensions is 1, so the order of the others does not matter.
        self.matrix(part).map(|m| m.as_slice())
    }
}
