import { describe, expect, it } from 'vitest'
import { evaluationFailure, Expressions, isRefused } from '../../../compiler/policy/cel/expressions.ts'
import { Quantity } from '../../../compiler/policy/cel/quantity.ts'
import { celValue } from '../../../compiler/policy/values.ts'

const object = {
  kind: 'Job',
  metadata: { name: 'a', labels: { app: 'trainer', 'specyard.dev/project': 'language' } },
  spec: {
    parallelism: 2,
    half: 0.5,
    template: {
      spec: {
        containers: [
          { name: 'trainer', image: 'a:1', limits: { gpu: '2' } },
          { name: 'b', image: 'b' },
        ],
      },
    },
  },
}
const many = Array.from({ length: 400 }, (_, index) => index)

function evaluated(text: string, variables: Readonly<Record<string, string>> = {}, more: object = {}): unknown {
  const expressions = new Expressions()
  const one = expressions.parse(text, variables)
  if (isRefused(one)) return `refused at ${one.offset}: ${one.message}`
  expressions.meter.refill()
  try {
    return one.evaluate({ object: celValue({ ...object, many }), oldObject: null, variables: {}, ...more })
  } catch (error) {
    return `fails: ${evaluationFailure(error)}`
  }
}

describe('an expression', () => {
  // As the API server answers: https://kubernetes.io/docs/reference/using-api/cel/
  it.each<readonly [string, unknown]>([
    ['has(object.spec.nodes)', false],
    ['has(object.spec.parallelism)', true],
    ['object.spec.parallelism == 2', true],
    ['object.spec.parallelism < 2.5', true],
    ['object.spec.half * 2.0 == 1.0', true],
    ['object.spec.parallelism / 4 == 0', true],
    ['object.spec.?nodes.orValue(1) == 1', true],
    ['object.?nothing.?at.?all.hasValue()', false],
    ['object.metadata.labels.all(k, k.size() < 40)', true],
    ['"app" in object.metadata.labels', true],
    ['object.metadata.labels["specyard.dev/project"] == "language"', true],
    ['object.spec.template.spec.containers.exists(c, c.name == "b")', true],
    ['object.spec.template.spec.containers.exists_one(c, c.image.contains(":"))', true],
    ['object.spec.template.spec.containers.filter(c, has(c.limits)).size() == 1', true],
    ['object.spec.template.spec.containers.map(c, c.name) == ["trainer", "b"]', true],
    ['object.spec.template.spec.containers.filter(c, !(c.name in ["b"])).map(c, (c.name)) == ["trainer"]', true],
    ['object.many.all(a, (a >= 0) && !(a > 400) || false)', true],
    ['object.nothing == 1 || true', true],
    ['object.spec.template.spec.containers.all(c, c.nothing == 1 || true)', true],
    ['false && object.nothing == 1', false],
    ['"abc".matches("^a.c$")', true],
    ['"xabcx".matches("abc")', true],
    ['"abc".matches("B")', false],
    ['(object.kind).matches("^J")', true],
    ['"a1b22".find("[0-9]+") == "1"', true],
    ['"a1b22".findAll("[0-9]+") == ["1", "22"]', true],
    ['"a-b".replace("-", "$&") == "a$&b"', true],
    ['"A,b".lowerAscii().split(",") == ["a", "b"]', true],
    ['quantity("1Gi").compareTo(quantity("1024Mi")) == 0', true],
    ['quantity("1500m").isGreaterThan(quantity("1"))', true],
    ['quantity("2").add(quantity("500m")).isLessThan(quantity("3"))', true],
    ['quantity("4").asInteger() + 1 == 5', true],
    ['quantity(string(object.spec.parallelism)).asInteger() == 2', true],
    ['isQuantity("2Zi")', false],
    ['[1, 2, 3].sum() == 6', true],
    ['[3, 1, 2].min() == 1 && [3, 1, 2].max() == 3', true],
    ['[1, 2].isSorted() && ![2, 1].isSorted()', true],
    ['[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2', true],
    [
      'sets.contains(["a", "b"], ["a"]) && sets.intersects(["a"], ["a", "c"]) && sets.equivalent(["a"], ["a", "a"])',
      true,
    ],
    ['cel.bind(pod, object.spec.template.spec, pod.containers.size() == 2)', true],
    ['dyn(object).spec.parallelism == 2', true],
    ['object.nothing.at.all == 1', 'fails: No such key: nothing'],
    ['object.spec.parallelism == "2"', false],
    ['quantity("four").isInteger()', 'fails: "four" is no quantity'],
  ])('%s is %s', (text, expected) => {
    expect(evaluated(text)).toEqual(expected)
  })

  it.each<readonly [string, string, RegExp]>([
    ['that is not finished', 'true && (1 +', /^refused at 12: Unexpected token: EOF/],
    ['of a variable that nobody has declared', 'variables.nothing', /^refused at 10: No such key: nothing/],
    ['of a name that is not there', 'objekt.spec', /^refused at 0: Unknown variable: objekt/],
    ['of a misspelt part of the request', 'request.nmae == "a"', /^refused at 8: No such key: nmae/],
    ['that adds a text and a number', '"a" + 1 == "a1"', /^refused at 0: no such overload: string \+ int/],
    ['that calls what is not there', 'object.spec.sort()', /^refused at/],
    [
      'that calls what the API server does not have',
      'b"{}".json() == {}',
      /^refused at .* the API server has no function json/,
    ],
    ['that gives a number to quantity', 'quantity(4).isInteger()', /^refused at 0: found no matching overload/],
    ['with branches of two types', 'object.kind == "Job" ? 1 : "a"', /^refused at/],
    [
      'that uses a text of a list as a number',
      'variables.names.all(n, n + 1 == 2)',
      /^refused at 23: no such overload: string \+ int/,
    ],
    [
      'with a map of three parts',
      'object.many.map(a, a > 1, a).size() > 1',
      /^refused at .* write filter and then map/,
    ],
    [
      'with a pattern that is not finished',
      'object.kind.matches("[")',
      /^refused at 20: "\[" is no regular expression of RE2/,
    ],
    ['with a pattern that looks ahead', 'object.kind.matches("(?=x)")', /^refused at 20: "\(\?=x\)" is no regular/],
    ['that looks for such a pattern', "true && 'a'.find(r'(?=x)') == ''", /^refused at 17: /],
    ['that looks for such a pattern everywhere', '"a".findAll("(").size() == 0', /^refused at 12: /],
    ['with cel.bind in cel.bind in cel.bind …', nestedBind(5), /^refused at .* more than 4 others/],
    ['with too many parts', Array(1500).fill('1').join(' + '), /^refused at/],
  ])('%s is refused at its character', (_title, text, expected) => {
    expect(evaluated(text, { names: 'list<string>' })).toMatch(expected)
  })

  it.each([
    ['three loops over a list of 400', 'object.many.all(a, object.many.all(b, object.many.all(c, a + b + c >= 0)))'],
    [
      'the same where errors are taken in',
      'object.many.all(a, object.many.all(b, object.many.all(c, object.nothing == 1))) || true',
    ],
    ['the same as a transformation', 'object.many.map(a, object.many.map(b, object.many.map(c, c))).size() > 0'],
    [
      'the same as a filter',
      'object.many.filter(a, object.many.exists(b, object.many.exists(c, a + b + c < 0))).size() > 0',
    ],
  ])(
    'of %s ends after so many steps',
    (_title, text) => {
      expect(evaluated(text)).toBe('fails: the expression takes more than 50000 steps')
    },
    60_000,
  )

  it('with a regular expression that would never end in JavaScript ends at once', () => {
    const text = `"${'a'.repeat(2000)}b".matches("^(a+)+$")`
    expect(evaluated(text)).toBe(false)
    expect(evaluated('"a".matches("(?=" + "a)")')).toMatch(/^fails: /)
  })
})

describe('a quantity', () => {
  it.each<readonly [string, bigint | undefined]>([
    ['1', 1_000_000_000n],
    ['1.5', 1_500_000_000n],
    ['.5', 500_000_000n],
    ['100m', 100_000_000n],
    ['1k', 1_000_000_000_000n],
    ['1Ki', 1_024_000_000_000n],
    ['-2', -2_000_000_000n],
    ['1e3', 1_000_000_000_000n],
    ['1E3', 1_000_000_000_000n],
    ['0.1n', 1n],
    ['', undefined],
    ['Gi', undefined],
    ['1 Gi', undefined],
    ['1gi', undefined],
    ['0x10', undefined],
    ['1e99', undefined],
  ])('of "%s" is %s billionths', (text, nanos) => {
    expect(Quantity.parse(text)?.nanos).toBe(nanos)
  })
})

function nestedBind(depth: number): string {
  return depth === 0 ? 'true' : `cel.bind(v${depth}, 1, ${nestedBind(depth - 1)})`
}
