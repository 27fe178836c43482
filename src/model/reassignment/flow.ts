// Minimum-cost flow from many sources to many sinks, with whole numbers: primal-dual, with Dinic's blocking flows on the edges of
// reduced cost 0. Polynomial and exact. Everything is in typed arrays: the graphs have hundreds of thousands of edges.

/** Grows as edges are added; each edge has its reverse beside it. */
export interface FlowGraph {
  readonly nodes: number;
  addEdge(from: number, to: number, capacity: number, cost: number): number;
  /** What flows over an edge after `solve`. */
  flow(edge: number): number;
  /**
   * Sends what the sources have too much to the sinks that lack it, at the least cost.
   *
   * @param excess per node: positive = so much comes from here, negative = so much has to arrive
   * @returns how much could not be sent; 0 when all was
   */
  solve(excess: Int32Array): number;
}

const UNREACHED = 0x3fffffff;

/** @param edgeCount how many edges are added at most */
export function createFlowGraph(nodes: number, edgeCount: number): FlowGraph {
  const to = new Int32Array(2 * edgeCount);
  const from = new Int32Array(2 * edgeCount);
  const residual = new Int32Array(2 * edgeCount);
  const costs = new Int8Array(2 * edgeCount);
  let edges = 0;
  return {
    nodes,
    addEdge(source, target, capacity, cost) {
      const edge = edges;
      from[edge] = source;
      to[edge] = target;
      residual[edge] = capacity;
      costs[edge] = cost;
      from[edge + 1] = target;
      to[edge + 1] = source;
      costs[edge + 1] = -cost;
      edges += 2;
      return edge;
    },
    flow: (edge) => residual[edge + 1] ?? 0,
    solve: (excess) => new Solver(nodes, { to, from, residual, costs, edges }, excess).run(),
  };
}

interface Edges {
  to: Int32Array;
  from: Int32Array;
  residual: Int32Array;
  costs: Int8Array;
  edges: number;
}

class Solver {
  private readonly start: Int32Array;
  private readonly out: Int32Array;
  private readonly potential: Int32Array;
  private readonly distance: Int32Array;
  private readonly level: Int32Array;
  private readonly current: Int32Array;
  private readonly queue: Int32Array;
  private readonly path: Int32Array;

  private readonly nodes: number;
  private readonly graph: Edges;
  private readonly excess: Int32Array;

  constructor(nodes: number, graph: Edges, excess: Int32Array) {
    this.nodes = nodes;
    this.graph = graph;
    this.excess = excess;
    const { from, edges } = graph;
    this.start = new Int32Array(nodes + 1);
    for (let edge = 0; edge < edges; edge += 1) this.start[from[edge]! + 1]! += 1;
    for (let node = 0; node < nodes; node += 1) this.start[node + 1]! += this.start[node]!;
    const next = this.start.slice(0, nodes);
    this.out = new Int32Array(edges);
    for (let edge = 0; edge < edges; edge += 1) {
      const node = from[edge]!;
      this.out[next[node]!] = edge;
      next[node]! += 1;
    }
    this.potential = new Int32Array(nodes);
    this.distance = new Int32Array(nodes);
    this.level = new Int32Array(nodes);
    this.current = new Int32Array(nodes);
    this.queue = new Int32Array(nodes);
    this.path = new Int32Array(nodes);
  }

  run(): number {
    while (this.findDistances()) {
      const reached = this.nearestSink();
      for (let node = 0; node < this.nodes; node += 1)
        this.potential[node]! += Math.min(this.distance[node]!, reached);
      while (this.findLevels()) this.block();
    }
    let left = 0;
    for (let node = 0; node < this.nodes; node += 1) left += Math.max(0, this.excess[node]!);
    return left;
  }

  /** Shortest distances by reduced cost from all sources with something left; whether a sink is reached. Buckets: costs are tiny. */
  private findDistances(): boolean {
    const { to, residual, costs } = this.graph;
    this.distance.fill(UNREACHED);
    const buckets: number[][] = [[]];
    for (let node = 0; node < this.nodes; node += 1)
      if (this.excess[node]! > 0) {
        this.distance[node] = 0;
        buckets[0]!.push(node);
      }
    for (let at = 0; at < buckets.length; at += 1) {
      const bucket = buckets[at]!;
      // It grows while it is read.
      for (let index = 0; index < bucket.length; index += 1) {
        const node = bucket[index]!;
        if (this.distance[node] !== at) continue;
        if (this.excess[node]! < 0) return true;
        for (let position = this.start[node]!; position < this.start[node + 1]!; position += 1) {
          const edge = this.out[position]!;
          if (residual[edge] === 0) continue;
          const target = to[edge]!;
          const distance = at + costs[edge]! + this.potential[node]! - this.potential[target]!;
          if (distance >= this.distance[target]!) continue;
          this.distance[target] = distance;
          while (buckets.length <= distance) buckets.push([]);
          buckets[distance]!.push(target);
        }
      }
    }
    return false;
  }

  /** The search ended at the nearest sink; whatever is farther counts as just as far. */
  private nearestSink(): number {
    let nearest = UNREACHED;
    for (let node = 0; node < this.nodes; node += 1)
      if (this.excess[node]! < 0) nearest = Math.min(nearest, this.distance[node]!);
    return nearest;
  }

  private isAdmissible(edge: number): boolean {
    const { from, to, residual, costs } = this.graph;
    return (
      residual[edge]! > 0 && costs[edge]! + this.potential[from[edge]!]! - this.potential[to[edge]!]! === 0
    );
  }

  /** Steps from the sources over admissible edges; whether a sink is reached. */
  private findLevels(): boolean {
    const { to } = this.graph;
    this.level.fill(-1);
    let length = 0;
    for (let node = 0; node < this.nodes; node += 1)
      if (this.excess[node]! > 0) {
        this.level[node] = 0;
        this.queue[length] = node;
        length += 1;
      }
    let found = UNREACHED;
    for (let at = 0; at < length; at += 1) {
      const node = this.queue[at]!;
      if (this.level[node]! >= found) break;
      if (this.excess[node]! < 0) found = this.level[node]!;
      for (let position = this.start[node]!; position < this.start[node + 1]!; position += 1) {
        const edge = this.out[position]!;
        if (this.level[to[edge]!] !== -1 || !this.isAdmissible(edge)) continue;
        this.level[to[edge]!] = this.level[node]! + 1;
        this.queue[length] = to[edge]!;
        length += 1;
      }
    }
    return found !== UNREACHED;
  }

  /** Sends as much as the levels allow: one path after the other, each edge looked at once. */
  private block(): void {
    this.current.set(this.start.subarray(0, this.nodes));
    for (let source = 0; source < this.nodes; source += 1)
      while (this.level[source] === 0 && this.excess[source]! > 0) if (!this.sendFrom(source)) break;
  }

  private sendFrom(source: number): boolean {
    const { to, from, residual } = this.graph;
    let node = source;
    let depth = 0;
    for (;;) {
      if (this.excess[node]! < 0) break;
      let advanced = false;
      for (; this.current[node]! < this.start[node + 1]!; this.current[node]! += 1) {
        const edge = this.out[this.current[node]!]!;
        if (this.level[to[edge]!] !== this.level[node]! + 1 || !this.isAdmissible(edge)) continue;
        this.path[depth] = edge;
        depth += 1;
        node = to[edge]!;
        advanced = true;
        break;
      }
      if (advanced) continue;
      if (depth === 0) return false;
      depth -= 1;
      node = from[this.path[depth]!]!;
      this.current[node]! += 1;
    }
    let amount = Math.min(this.excess[source]!, -this.excess[node]!);
    for (let at = 0; at < depth; at += 1) amount = Math.min(amount, residual[this.path[at]!]!);
    for (let at = 0; at < depth; at += 1) {
      residual[this.path[at]!]! -= amount;
      residual[this.path[at]! ^ 1]! += amount;
    }
    this.excess[source]! -= amount;
    this.excess[node]! += amount;
    return true;
  }
}
