import { CausewayError, type Store } from '@causeway/core'
import { RLP } from '@ethereumjs/rlp'
import { KECCAK256_RLP } from '@ethereumjs/util'
import { bareHex, sameBytes } from './bytes.js'
import { keccak } from './keccak.js'
import { rows, type Change } from './rows.js'

/**
 * Ethereum's Merkle-Patricia tries with hashed keys, over a store that is only read. All writes of a block to one trie are
 * applied at once, and each node they touch is hashed once; `@ethereumjs/mpt` hashes a whole path for every write, which was
 * two thirds of a block's time. It serves proofs, and the tests compare the two.
 */
export type Tries = {
  /** The value of a key (not yet hashed) under a root. @throws `STATE_MISSING` */
  get(root: Uint8Array, key: Uint8Array): Uint8Array | undefined
  /** Sets and (null) deletes keys; answers the new root and its new nodes. @throws `STATE_MISSING` */
  update(root: Uint8Array, writes: Iterable<readonly [key: Uint8Array, value: Uint8Array | null]>): { root: Uint8Array; changes: Change[] }
  /** Is there a trie of this root? */
  has(root: Uint8Array): boolean
}

/** Nodes never change; a change makes new ones. `stored` is the hash of one that the store has. */
type Node = Leaf | Extension | Branch
type Leaf = { kind: 'leaf'; path: Nibbles; value: Uint8Array; stored?: Uint8Array }
type Extension = { kind: 'extension'; path: Nibbles; child: Link; stored?: Uint8Array }
type Branch = { kind: 'branch'; children: readonly (Link | null)[]; stored?: Uint8Array }
/** A node, or the hash of one not read yet. */
type Link = Node | Uint8Array
type Nibbles = Uint8Array
type Encoded = (Uint8Array | Encoded)[]

/** Decoded nodes kept in memory, by hash: the upper levels are read in every block. */
const CACHED_NODES = 20_000

/** Opens the tries over the node rows of a store. */
export function openTries(store: Pick<Store, 'get'>): Tries {
  const cache = new Map<string, Node>()

  function remember(key: string, node: Node): void {
    if (cache.size >= CACHED_NODES) cache.delete(cache.keys().next().value as string)
    cache.set(key, node)
  }

  function open(link: Link): Node {
    if (!(link instanceof Uint8Array)) return link
    const key = bareHex(link)
    const known = cache.get(key)
    if (known) return known
    const row = store.get(rows.node(key))
    if (!row)
      throw new CausewayError(`State node ${key} is not in the store.`, {
        code: 'STATE_MISSING',
        fix: 'The store is damaged or pruned: rebuild the chain from L1 into an empty directory.',
      })
    const node = { ...decode(RLP.decode(row) as Encoded), stored: link }
    remember(key, node)
    return node
  }

  function find(link: Link | null, path: Nibbles, depth: number): Uint8Array | undefined {
    let at = link
    for (;;) {
      if (at === null) return undefined
      const node = open(at)
      if (node.kind === 'leaf') return sameBytes(node.path, path.subarray(depth)) ? node.value : undefined
      if (node.kind === 'extension') {
        if (!sameBytes(node.path, path.subarray(depth, depth + node.path.length))) return undefined
        depth += node.path.length
        at = node.child
      } else at = node.children[path[depth++] as number] ?? null
    }
  }

  function put(link: Link | null, path: Nibbles, value: Uint8Array): Link {
    if (link === null) return { kind: 'leaf', path, value }
    const node = open(link)
    if (node.kind === 'branch') {
      const nibble = path[0] as number
      const before = node.children[nibble] ?? null
      const after = put(before, path.subarray(1), value)
      return after === before ? link : withChild(node, nibble, after)
    }
    const shared = sharedLength(node.path, path)
    if (shared === node.path.length) {
      if (node.kind === 'leaf') return sameBytes(node.value, value) ? link : { kind: 'leaf', path, value }
      const child = put(node.child, path.subarray(shared), value)
      return child === node.child ? link : { kind: 'extension', path: node.path, child }
    }
    // The paths part: a branch there, below what they share.
    const rest = node.path.subarray(shared + 1)
    const old: Link = node.kind === 'leaf' ? { kind: 'leaf', path: rest, value: node.value } : prefixed(rest, node.child)
    const children: (Link | null)[] = new Array<Link | null>(16).fill(null)
    children[node.path[shared] as number] = old
    children[path[shared] as number] = { kind: 'leaf', path: path.subarray(shared + 1), value }
    return prefixed(path.subarray(0, shared), { kind: 'branch', children })
  }

  function remove(link: Link | null, path: Nibbles): Link | null {
    if (link === null) return null
    const node = open(link)
    if (node.kind === 'leaf') return sameBytes(node.path, path) ? null : link
    if (node.kind === 'extension') {
      if (sharedLength(node.path, path) < node.path.length) return link
      const child = remove(node.child, path.subarray(node.path.length))
      // Below an extension is a branch of at least two leaves: it never goes entirely.
      return child === node.child || child === null ? link : joined(node.path, child)
    }
    const nibble = path[0] as number
    const before = node.children[nibble] ?? null
    const after = remove(before, path.subarray(1))
    if (after === before) return link
    const branch = withChild(node, nibble, after)
    const left = branch.children.flatMap((child, index) => (child === null ? [] : [{ child, index }]))
    const only = left.length === 1 ? left[0] : undefined
    return only ? joined(Uint8Array.of(only.index), only.child) : branch
  }

  /** A path and what is below it as one node: branches that lost all but one child fold into it. */
  function joined(path: Nibbles, link: Link): Node {
    const node = open(link)
    if (node.kind === 'leaf') return { kind: 'leaf', path: concat(path, node.path), value: node.value }
    if (node.kind === 'extension') return { kind: 'extension', path: concat(path, node.path), child: node.child }
    return { kind: 'extension', path, child: link }
  }

  function seal(link: Link, changes: Change[]): Uint8Array | Encoded {
    if (link instanceof Uint8Array) return link
    if (link.stored) return link.stored
    const encoded = encode(link, (child) => seal(child, changes))
    const bytes = RLP.encode(encoded)
    return bytes.length < 32 ? encoded : keep(encoded, bytes, changes)
  }

  function keep(encoded: Encoded, bytes: Uint8Array, changes: Change[]): Uint8Array {
    const hash = keccak(bytes)
    const key = bareHex(hash)
    changes.push({ key: rows.node(key), value: bytes })
    // Decoded anew: the node at hand holds its children whole, and they would be taken for new ones next time.
    remember(key, { ...decode(encoded), stored: hash })
    return hash
  }

  return {
    get: (root, key) => find(isEmpty(root) ? null : root, nibbles(keccak(key)), 0),
    has: (root) => isEmpty(root) || store.get(rows.node(bareHex(root))) !== undefined,
    update(root, writes) {
      let link: Link | null = isEmpty(root) ? null : root
      for (const [key, value] of writes) link = value === null ? remove(link, nibbles(keccak(key))) : put(link, nibbles(keccak(key)), value)
      const changes: Change[] = []
      if (link === null) return { root: KECCAK256_RLP, changes }
      const sealed = seal(link, changes)
      // The root has a row whatever its size.
      if (sealed instanceof Uint8Array) return { root: sealed, changes }
      return { root: keep(sealed, RLP.encode(sealed), changes), changes }
    },
  }
}

function isEmpty(root: Uint8Array): boolean {
  return sameBytes(root, KECCAK256_RLP)
}

function withChild(branch: Branch, nibble: number, child: Link | null): Branch {
  const children = [...branch.children]
  children[nibble] = child
  return { kind: 'branch', children }
}

function prefixed(path: Nibbles, child: Link): Link {
  return path.length === 0 ? child : { kind: 'extension', path, child }
}

function decode(items: Encoded): Node {
  if (items.length === 17) return { kind: 'branch', children: items.slice(0, 16).map(toLink) }
  const [packed, second] = items as [Uint8Array, Uint8Array | Encoded]
  const odd = ((packed[0] ?? 0) & 0x10) !== 0
  const path = nibbles(packed).subarray(odd ? 1 : 2)
  if (((packed[0] ?? 0) & 0x20) !== 0) return { kind: 'leaf', path, value: second as Uint8Array }
  return { kind: 'extension', path, child: toLink(second) as Link }
}

function toLink(item: Uint8Array | Encoded): Link | null {
  if (!(item instanceof Uint8Array)) return decode(item)
  return item.length === 0 ? null : item
}

function encode(node: Node, reference: (link: Link) => Uint8Array | Encoded): Encoded {
  if (node.kind === 'leaf') return [hexPrefix(node.path, true), node.value]
  if (node.kind === 'extension') return [hexPrefix(node.path, false), reference(node.child)]
  return [...node.children.map((child) => (child === null ? NOTHING : reference(child))), NOTHING]
}

const NOTHING = new Uint8Array()

/** Hex-prefix encoding of a path (yellow paper, appendix C). */
export function hexPrefix(path: Nibbles, isLeaf: boolean): Uint8Array {
  const odd = path.length % 2
  const packed = new Uint8Array((path.length >> 1) + 1)
  packed[0] = (isLeaf ? 0x20 : 0) | (odd ? 0x10 | (path[0] as number) : 0)
  for (let i = odd, at = 1; i < path.length; i += 2, at++) packed[at] = ((path[i] as number) << 4) | (path[i + 1] as number)
  return packed
}

/** Half-bytes of a key, high first. */
export function nibbles(bytes: Uint8Array): Nibbles {
  const path = new Uint8Array(bytes.length * 2)
  for (let i = 0; i < bytes.length; i++) {
    path[2 * i] = (bytes[i] as number) >> 4
    path[2 * i + 1] = (bytes[i] as number) & 15
  }
  return path
}

function sharedLength(a: Nibbles, b: Nibbles): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

function concat(a: Nibbles, b: Nibbles): Nibbles {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
