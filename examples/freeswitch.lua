-- SPDX-License-Identifier: Apache-2.0
--
-- FreeSWITCH asks bonafide over HTTP.  NOT RUN BY US: Debian 12 has no package of FreeSWITCH.
--
-- Load mod_curl and mod_lua, put this file into the scripts directory, and in the dialplan of your trunk's context,
-- before the bridge, but never for emergency numbers:
--
--     <action application="lua" data="freeswitch.lua"/>
--     <action application="log" data="NOTICE bonafide: ${bonafide}"/>
--
-- Sets the channel variable `bonafide`: genuine, unproven, broken, impostor, or unknown when nothing answers.

local url = "http://127.0.0.1:8080/v1/verdict"

local function json_string(text)
    return '"' .. text:gsub('[%c"\\]', function(c) return string.format("\\u%04x", c:byte()) end) .. '"'
end

-- mod_sofia keeps one Identity header as it is, several as ARRAY::first|:second.
local function identities()
    local all = session:getVariable("sip_i_identity") or session:getVariable("sip_h_identity") or ""
    local list = {}
    for one in (all:gsub("^ARRAY::", "") .. "|:"):gmatch("(.-)|:") do
        if one ~= "" then list[#list + 1] = json_string(one) end
    end
    return table.concat(list, ",")
end

local body = string.format('{"verificationRequest":{"from":{"tn":%s},"to":{"tn":[%s]},"callId":%s,"identityHeaders":[%s]}}',
    json_string(session:getVariable("sip_from_user") or ""),
    json_string(session:getVariable("destination_number") or ""),
    json_string(session:getVariable("uuid") or ""), identities()) -- its own id tells a call from a replay of it

-- A blank would end the argument of the API command.
body = body:gsub(" ", "\\u0020")
local answer = freeswitch.API():execute("curl", url ..
    " connect-timeout 1 timeout 1 append_headers Accept:text/plain content-type application/json post " .. body) or ""

local word = answer:match("^%s*(%l+)")
local known = { genuine = true, unproven = true, broken = true, impostor = true }
session:setVariable("bonafide", known[word] and word or "unknown")
