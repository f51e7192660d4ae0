//! Seeded random numbers: the same for every reader.

/// splitmix64 (Steele, Lea, Flood 2014); the number is its state.
pub struct SplitMix(pub u64);

impl SplitMix {
    pub fn output(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.output() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Two independent standard normal numbers (Box and Muller 1958).
    pub fn normals(&mut self) -> [f64; 2] {
        let (radius, angle) = (
            (-2.0 * (1.0 - self.uniform()).ln()).sqrt(),
            std::f64::consts::TAU * self.uniform(),
        );
        [radius * angle.cos(), radius * angle.sin()]
    }
}

#[cfg(test)]
mod tests {
    use super::SplitMix;

    /// The stream of numpy's port of the same generator, from state 1.
    #[test]
    fn the_stream_is_the_published_one() {
        let mut stream = SplitMix(1);
        assert_eq!(
            [stream.output(), stream.output(), stream.output()],
            [0x910a_2dec_8902_5cc1, 0xbeeb_8da1_658e_ec67, 0xf893_a2ee_fb32_555e]
        );
        let mut stream = SplitMix(1);
        let [a, b] = stream.normals();
        assert!((a - -0.0342673217918511).abs() < 1e-14 && (b - -1.29260853323732).abs() < 1e-14);
    }
}
