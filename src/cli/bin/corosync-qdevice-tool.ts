#!/usr/bin/env node
import { finish } from '../command-result.ts';
import { qdeviceTool } from '../corosync-qdevice-tool.ts';

finish(await qdeviceTool(process.argv.slice(2)));
