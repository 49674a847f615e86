// Rules that are not written yet; each goes when its file lands.

extension Lowering {
  public static func convolution(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func gemm(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func matmul(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func maxPool(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func averagePool(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func globalPool(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func unary(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func parametricRelu(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func binary(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func variadic(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func reshape(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func transpose(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func concat(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func split(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func slice(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func gather(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func pad(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func resize(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func reduce(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func softmax(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func cast(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func expand(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
  public static func stft(_ node: Node, _ lowering: inout Lowering) throws {
    throw lowering.unsupported(node, "no lowering yet", remedy: "keep the node out of the model")
  }
}
