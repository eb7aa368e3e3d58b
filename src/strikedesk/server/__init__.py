"""The MCP door: tools, prompts and resources over stdio and HTTP. The only room importing mcp."""
