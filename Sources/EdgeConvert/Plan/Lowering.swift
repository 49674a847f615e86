/// Placeholder of the plan under construction.
public struct Lowering {}
