/// Placeholder of the skeleton.
package enum Proof {}
