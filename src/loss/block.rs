//! One block of the network: attention and MLP, wired as the family does it.

use super::attention::Heads;
use super::experts::mixture;
use super::linear::{Given, Lanes, Row, lanes, misfit};
use super::network::families::{Family, Mlp, Qkv, Wiring};
use super::network::{Network, Rope};
use super::norm::norm;
use super::pass::{Tensors, Turns};
use super::vectors::{in_columns, in_pieces, in_pieces_beside};
use crate::linalg::Matrix;
use std::ops::Range;

/// A block at work: its tensors by the names of its family, the rows, and where each sequence lies.
pub struct Work<'a> {
    pub network: &'a Network,
    pub at: usize,
    pub tensors: &'a Tensors<'a>,
    pub rows: &'a [Row],
    /// Columns of each sequence, of every row.
    pub sequences: &'a [Range<usize>],
    pub turns: &'a Turns,
}

/// The names of a block's modules, inside the block.
pub fn modules(family: &Family, is_mixture: bool, experts: usize, is_first: bool) -> Vec<String> {
    let mut all = Vec::new();
    let norms = &family.norms;
    let attention_in = norms.attention_in.filter(|_| !(is_first && norms.first_is_bare));
    for name in [attention_in, norms.attention_out, norms.mlp_in, norms.mlp_out]
        .into_iter()
        .flatten()
    {
        all.push(name.to_owned());
    }
    match family.qkv {
        Qkv::Apart(names) => all.extend(names.map(str::to_owned)),
        Qkv::Joined(name, _) => all.push(name.to_owned()),
    }
    if let Some(norms) = family.head_norms {
        all.extend([norms.query, norms.key].map(str::to_owned));
    }
    all.push(family.out.to_owned());
    match (family.experts.filter(|_| is_mixture), family.mlp) {
        (Some(e), _) => {
            all.push(e.router.to_owned());
            for i in 0..experts {
                for part in [e.gate, e.up, e.down] {
                    all.push(format!("{}{i}.{part}", e.expert));
                }
            }
        }
        (None, Mlp::Plain { up, down }) => all.extend([up, down].map(str::to_owned)),
        (None, Mlp::Gated { gate, up, down }) => all.extend([gate, up, down].map(str::to_owned)),
        (None, Mlp::GatedJoint { both, down }) => all.extend([both, down].map(str::to_owned)),
    }
    all
}

impl Work<'_> {
    /// The block's output from its input, `[width, columns]`.
    pub fn apply(&self, x: &mut Matrix) -> Result<(), String> {
        let norms = self.network.family.norms;
        let bare = self.at == 0 && norms.first_is_bare;
        let attention_in = norms.attention_in.filter(|_| !bare);
        match self.network.wiring {
            Wiring::Before => {
                let part = self.attention(&self.normed(attention_in, x.clone())?)?;
                *x += self.normed(norms.attention_out, part)?;
                let part = self.mlp(&self.normed(norms.mlp_in, x.clone())?)?;
                *x += self.normed(norms.mlp_out, part)?;
            }
            Wiring::After => {
                // A family that can stand either way has its norms before: they are the same ones.
                let (attention, mlp) = (
                    norms.attention_out.or(norms.attention_in),
                    norms.mlp_out.or(norms.mlp_in),
                );
                *x += self.attention(x)?;
                *x = self.normed(attention, std::mem::replace(x, Matrix::zeros(0, 0)))?;
                *x += self.mlp(x)?;
                *x = self.normed(mlp, std::mem::replace(x, Matrix::zeros(0, 0)))?;
            }
            Wiring::Parallel => {
                let attention = self.attention(&self.normed(attention_in, x.clone())?)?;
                let mlp = self.mlp(&self.normed(norms.mlp_in, x.clone())?)?;
                *x += attention + mlp;
            }
        }
        Ok(())
    }

    fn given(&self, module: &str) -> Result<&Given<'_>, String> {
        let name = format!("{}.weight", self.network.in_block(self.at, module));
        self.tensors.get(&name)
    }

    fn bias(&self, module: &str) -> Option<&Given<'_>> {
        let name = format!("{}.bias", self.network.in_block(self.at, module));
        self.tensors.find(&name)
    }

    fn normed(&self, module: Option<&str>, x: Matrix) -> Result<Matrix, String> {
        match module {
            Some(module) => self
                .tensors
                .norm(self.network, &self.network.in_block(self.at, module), self.rows, x),
            None => Ok(x),
        }
    }

    fn linear(&self, module: &str, x: &Matrix) -> Result<Matrix, String> {
        self.linear_of(module, x, &lanes(self.rows.len(), x.ncols()))
    }

    /// The same where rows have other numbers of columns.
    pub fn linear_of(&self, module: &str, x: &Matrix, lanes: &Lanes) -> Result<Matrix, String> {
        affine(self.given(module)?, self.bias(module), lanes, x)
    }

    fn attention(&self, x: &Matrix) -> Result<Matrix, String> {
        let network = self.network;
        let block = &network.blocks[self.at];
        let mut heads = match network.family.qkv {
            Qkv::Apart([q, k, v]) => Heads {
                query: self.linear(q, x)?,
                key: self.linear(k, x)?,
                value: self.linear(v, x)?,
            },
            Qkv::Joined(name, order) => {
                let joint = self.linear(name, x)?;
                let wanted: usize = network.parts().iter().sum();
                if joint.nrows() != wanted {
                    return Err(misfit(
                        &network.in_block(self.at, name),
                        "outputs",
                        joint.nrows(),
                        wanted,
                    ));
                }
                Heads::of_joint(network, order, &joint)
            }
        };
        for (side, wanted) in [&heads.query, &heads.key, &heads.value]
            .into_iter()
            .zip(network.parts())
        {
            if side.nrows() != wanted {
                let name = format!("queries, keys or values of block {}", self.at);
                return Err(misfit(&name, "outputs", side.nrows(), wanted));
            }
        }
        if let Some(norms) = network.family.head_norms {
            for (module, side) in [(norms.query, &mut heads.query), (norms.key, &mut heads.key)] {
                self.head_norm(module, norms.by_head, side)?;
            }
        }
        if let Some(rope) = block.rope {
            let pairs = network.ropes.get(rope).map_or(0, |r: &Rope| r.frequencies.len());
            if pairs > 0 {
                heads.turn(&self.turns[rope], pairs, network.head_width, self.sequences);
            }
        }
        let gathered = heads.attend(network, block, self.at, self.sequences);
        self.to_width(network.family.out, &gathered)
    }

    fn head_norm(&self, module: &str, by_head: bool, side: &mut Matrix) -> Result<(), String> {
        let wanted = if by_head { self.network.head_width } else { side.nrows() };
        let weights = self.given(module)?.vectors();
        let rows = side.nrows();
        for (range, weight) in lanes(self.rows.len(), side.ncols()).into_iter().zip(&weights) {
            if weight.len() != wanted {
                return Err(misfit(
                    &self.network.in_block(self.at, module),
                    "numbers",
                    weight.len(),
                    wanted,
                ));
            }
            let own = &mut side.as_mut_slice()[range.start * rows..range.end * rows];
            norm(self.network.norm(), self.network.epsilon, own, weight, None);
        }
        Ok(())
    }

    fn mlp(&self, x: &Matrix) -> Result<Matrix, String> {
        let act = self.network.activation;
        if let Some(experts) = self
            .network
            .family
            .experts
            .filter(|_| self.network.blocks[self.at].is_mixture)
        {
            return mixture(self, experts, x);
        }
        let lanes = lanes(self.rows.len(), x.ncols());
        match self.network.family.mlp {
            Mlp::Plain { up, down } => {
                let mut inner = self.linear(up, x)?;
                in_pieces(inner.as_mut_slice(), |part| act.apply(part));
                self.to_width(down, &inner)
            }
            Mlp::Gated { gate, up, down } => self.gated(gate, up, down, x, &lanes),
            Mlp::GatedJoint { both, down } => {
                let joint = self.linear(both, x)?;
                let half = joint.nrows() / 2;
                let gate = joint.rows(0, half).into_owned();
                let up = joint.rows(half, joint.nrows() - half).into_owned();
                self.to_width(down, &self.through(gate, &up, both)?)
            }
        }
    }

    /// down(act(gate x) * up x).
    pub fn gated(&self, gate: &str, up: &str, down: &str, x: &Matrix, lanes: &Lanes) -> Result<Matrix, String> {
        let inner = self.through(self.linear_of(gate, x, lanes)?, &self.linear_of(up, x, lanes)?, gate)?;
        self.fitting(down, self.linear_of(down, &inner, lanes)?)
    }

    /// act(gate) * up, which must be as high as each other.
    fn through(&self, mut gate: Matrix, up: &Matrix, module: &str) -> Result<Matrix, String> {
        if gate.nrows() != up.nrows() {
            let name = self.network.in_block(self.at, module);
            return Err(misfit(&name, "outputs", gate.nrows(), up.nrows()));
        }
        let act = self.network.activation;
        in_pieces_beside(gate.as_mut_slice(), up.as_slice(), |gate, up| {
            act.apply(gate);
            gate.iter_mut().zip(up).for_each(|(gate, up)| *gate *= up);
        });
        Ok(gate)
    }

    /// A part's answer, which is added to its input.
    fn to_width(&self, module: &str, x: &Matrix) -> Result<Matrix, String> {
        self.fitting(module, self.linear(module, x)?)
    }

    fn fitting(&self, module: &str, y: Matrix) -> Result<Matrix, String> {
        match y.nrows() == self.network.width {
            true => Ok(y),
            false => Err(misfit(
                &self.network.in_block(self.at, module),
                "outputs",
                y.nrows(),
                self.network.width,
            )),
        }
    }
}

/// W x + b under every row.
pub fn affine(weight: &Given, bias: Option<&Given>, lanes: &Lanes, x: &Matrix) -> Result<Matrix, String> {
    let mut y = weight.apply(lanes, x)?;
    if let Some(bias) = bias {
        let height = y.nrows();
        for (range, vector) in lanes.iter().zip(&bias.vectors()) {
            if vector.len() != height {
                return Err(bias.misfit("numbers", vector.len(), height));
            }
            let own = &mut y.as_mut_slice()[range.start * height..range.end * height];
            in_columns(own, height, |column| {
                column.iter_mut().zip(vector).for_each(|(y, b)| *y += b);
            });
        }
    }
    Ok(y)
}
