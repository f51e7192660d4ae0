//! The loss of a language model on a text: what a change of weights does to what the model says.
//!
//! Teacher forcing only: every token of a text is predicted from the true tokens before it (causal) or around it (masked, one position at a time:
//! Salazar et al. 2020). The loss of a token is -ln p in nats, in single precision summed in double. Weights come layer by layer, so that
//! memory holds one layer and the numbers between layers, whatever the size of the model; all models and edits share one pass over them.

mod attention;
mod block;
mod experts;
mod head;
mod linear;
/// What a family and a configuration make of a network.
pub mod network;
mod norm;
mod pass;
mod subject;
mod text;
mod trial;
mod vectors;

pub use linear::{Given, Part, Row};
pub use pass::{Names, Need, Pass, Tensors, all};
pub use subject::{Cuts, Cutting, Subject};
pub use text::{Sequence, Target, Windows, causal, masked};
pub use trial::{Encoded, Question, Trial};
