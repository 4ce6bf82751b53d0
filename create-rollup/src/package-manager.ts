import type { ProjectFile } from './templates.js'

/** Whoever runs us, and how one says things to it. */
export type PackageManager = {
  name: 'npm' | 'pnpm' | 'yarn' | 'bun'
  install: string
  /** As a server does it: exactly what the lock file has. */
  clean: string
  run(script: string): string
  /** Runs a command of an installed package. */
  exec: string
}

const MANAGERS = {
  npm: { name: 'npm', install: 'npm install', clean: 'npm ci', run: (script) => (script === 'test' ? 'npm test' : `npm run ${script}`), exec: 'npx' },
  pnpm: { name: 'pnpm', install: 'pnpm install', clean: 'pnpm install --frozen-lockfile', run: (script) => (script === 'test' ? 'pnpm test' : `pnpm run ${script}`), exec: 'pnpm exec' },
  yarn: { name: 'yarn', install: 'yarn install', clean: 'yarn install --frozen-lockfile', run: (script) => `yarn ${script}`, exec: 'yarn' },
  bun: { name: 'bun', install: 'bun install', clean: 'bun install --frozen-lockfile', run: (script) => `bun run ${script}`, exec: 'bunx' },
} as const satisfies Record<string, PackageManager>

/** @param userAgent `npm_config_user_agent`, which every package manager sets: `pnpm/9.1.0 npm/? node/v20.19.0 linux x64` */
export function packageManagerOf(userAgent = ''): PackageManager {
  const name = userAgent.split('/')[0] ?? ''
  return name in MANAGERS ? MANAGERS[name as keyof typeof MANAGERS] : MANAGERS.npm
}

/** What is written for npm in texts and workflows, as it is said to another one. */
export function speak(files: readonly ProjectFile[], manager: PackageManager): ProjectFile[] {
  if (manager.name === 'npm') return [...files]
  // GitHub's machines have npm and yarn.
  const prepare = manager.name === 'pnpm' ? 'corepack enable && ' : manager.name === 'bun' ? 'npm install --global bun && ' : ''
  const say = (text: string) =>
    text
      .replace(/\bnpm ci\b/g, prepare + manager.clean)
      .replace(/\bnpm install\b(?! --global)/g, manager.install)
      .replace(/\bnpm (?:run )?(dev|test|build|types|doctor)\b/g, (_, script: string) => manager.run(script))
      .replace(/\bnpm publish\b/g, `${manager.name === 'yarn' ? 'npm' : manager.name} publish`)
      .replace(/\bnpx\b/g, manager.exec)
  return files.map(({ path, content }) => ({ path, content: /\.(md|yml|example|ts)$|^\.gitignore$/.test(path) ? say(content) : content }))
}
