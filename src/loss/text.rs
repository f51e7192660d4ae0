//! A text as sequences of tokens: what is predicted from what, in windows of the model's length.

use std::collections::HashSet;
use std::ops::Range;

/// Tokens that go through the network together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    pub ids: Vec<u32>,
    pub targets: Vec<Target>,
}

/// A token to be predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The place in the sequence whose logits predict it.
    pub column: usize,
    /// The token.
    pub id: u32,
    /// Its place in the whole text, from 0, added tokens among them.
    pub place: usize,
}

/// How a long text is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Tokens of one window, added ones among them.
    pub length: usize,
    /// Tokens of the text that a window repeats from the one before it, as context that is not counted again.
    pub overlap: usize,
}

/// A text without the tokens that the tokenizer added, cut.
struct Cut {
    /// Added tokens, which every window has again.
    front: Vec<u32>,
    back: Vec<u32>,
    pieces: Vec<Piece>,
}

struct Piece {
    /// The place of its first token in the whole text.
    place: usize,
    /// Its first tokens that were counted before.
    known: usize,
    ids: Vec<u32>,
}

impl Piece {
    /// Places in its window, which begins with so many added tokens, of what is counted.
    fn counted(&self, front: usize) -> Range<usize> {
        front + self.known..front + self.ids.len()
    }

    /// The token at a place of the window, predicted at a column of it.
    fn target(&self, front: usize, at: usize, column: usize) -> Target {
        Target {
            column,
            id: self.ids[at - front],
            place: self.place + at - front,
        }
    }
}

impl Cut {
    fn of(ids: &[u32], added: &[usize], windows: Windows) -> Cut {
        let is_added: HashSet<usize> = added.iter().copied().collect();
        let plain: Vec<(usize, u32)> = ids
            .iter()
            .copied()
            .enumerate()
            .filter(|(at, _)| !is_added.contains(at))
            .collect();
        let first = plain.first().map_or(ids.len(), |(at, _)| *at);
        let last = plain.last().map_or(ids.len(), |(at, _)| at + 1);
        let (front, back) = (ids[..first].to_vec(), ids[last..].to_vec());
        let room = windows.length.saturating_sub(front.len() + back.len()).max(1);
        let step = room.saturating_sub(windows.overlap).max(1);
        let mut pieces = Vec::new();
        let (mut begin, mut counted) = (0, 0);
        while counted < plain.len() {
            let end = (begin + room).min(plain.len());
            pieces.push(Piece {
                place: plain[begin].0,
                known: counted - begin,
                ids: plain[begin..end].iter().map(|(_, id)| *id).collect(),
            });
            counted = end;
            begin += step;
        }
        Cut { front, back, pieces }
    }
}

/// Every token but the first of a window predicted from those before it. Added tokens in front are context, never targets; no end is added.
pub fn causal(ids: &[u32], added: &[usize], windows: Windows) -> Vec<Sequence> {
    let cut = Cut::of(ids, added, windows);
    let front = &cut.front;
    let one = |piece: Piece| {
        let ids: Vec<u32> = front.iter().chain(&piece.ids).copied().collect();
        let targets = piece.counted(front.len()).filter(|at| *at > 0);
        let targets = targets.map(|at| piece.target(front.len(), at, at - 1)).collect();
        Sequence { ids, targets }
    };
    cut.pieces.into_iter().map(one).collect()
}

/// Every token hidden in turn, in a sequence of its own; what the tokenizer added stays and is not counted.
pub fn masked(ids: &[u32], added: &[usize], mask: u32, windows: Windows) -> Vec<Sequence> {
    let Cut { front, back, pieces } = Cut::of(ids, added, windows);
    let mut all = Vec::new();
    for piece in pieces {
        let whole: Vec<u32> = front.iter().chain(&piece.ids).chain(&back).copied().collect();
        for at in piece.counted(front.len()) {
            let mut ids = whole.clone();
            ids[at] = mask;
            let targets = vec![piece.target(front.len(), at, at)];
            all.push(Sequence { ids, targets });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Windows = Windows {
        length: 100,
        overlap: 0,
    };

    #[test]
    fn a_causal_text_counts_all_but_its_first_token_or_all_after_an_added_one() {
        let [one] = &causal(&[5, 6, 7], &[], WHOLE)[..] else {
            panic!()
        };
        assert_eq!(
            one.targets
                .iter()
                .map(|t| (t.column, t.id, t.place))
                .collect::<Vec<_>>(),
            [(0, 6, 1), (1, 7, 2)]
        );
        let [one] = &causal(&[0, 5, 6], &[0], WHOLE)[..] else {
            panic!()
        };
        assert_eq!(
            one.targets
                .iter()
                .map(|t| (t.column, t.id, t.place))
                .collect::<Vec<_>>(),
            [(0, 5, 1), (1, 6, 2)]
        );
    }

    #[test]
    fn windows_begin_with_the_added_tokens_and_count_every_token_once() {
        let ids: Vec<u32> = (0..11).collect();
        for overlap in 0..3 {
            let cut = causal(&ids, &[0], Windows { length: 5, overlap });
            assert!(cut.iter().all(|s| s.ids[0] == 0 && s.ids.len() <= 5));
            let places: Vec<usize> = cut.iter().flat_map(|s| s.targets.iter().map(|t| t.place)).collect();
            assert_eq!(places, (1..11).collect::<Vec<_>>(), "overlap {overlap}");
            assert!(cut.iter().all(|s| s.targets.iter().all(|t| ids[t.place] == t.id)));
        }
    }

    #[test]
    fn a_masked_text_hides_one_token_at_a_time() {
        let all = masked(&[1, 8, 9, 2], &[0, 3], 4, WHOLE);
        assert_eq!(
            all.iter().map(|s| s.ids.clone()).collect::<Vec<_>>(),
            [vec![1, 4, 9, 2], vec![1, 8, 4, 2]]
        );
        assert_eq!(all.iter().map(|s| s.targets[0].place).collect::<Vec<_>>(), [1, 2]);
    }
}
